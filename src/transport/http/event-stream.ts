/**
 * The stream of events over REST: server-sent events, as browsers' `EventSource` and most libraries read
 * them.
 */
import type { ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Call } from '../../domain/call.ts';
import type { EventStream, PageEncoding } from '../../domain/events/watch.ts';
import { accepted } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { type Handler, perform, type TransportContext } from '../operation.ts';
import { malformedRequest } from '../refusals.ts';
import { pump } from '../stream.ts';
import { TRACEPARENT, traceOf } from '../traceparent.ts';
import { isIncomplete } from './connection.ts';
import { errorResponse } from './errors.ts';
import { printEvent } from './event-json.ts';
import { eventExample, FEED_TOKEN, typeFilter } from './feed.ts';
import { choice, text } from './fields.ts';
import { responses } from './openapi.ts';
import { parameterReader, readCall } from './request.ts';
import { describe, servedAs } from './route.ts';
import { openSink, streamHeaders } from './server-events.ts';

const PATH = '/event/stream';

/** The header by which an `EventSource` continues. */
const LAST_EVENT_ID = 'last-event-id';

const { WatchEventsRequest: rules } = contract;

const watchEventsRequest = z.object({
  pageToken: text(
    rules.pageToken,
    'A token of this stream or of `/event/list`, for the same types.',
  ).optional(),
  type: typeFilter,
  from: choice(
    rules.from,
    'Where a stream without a token begins: with the next event, or with the first one that is kept.',
  ).optional(),
});
const { shape: asked } = watchEventsRequest;

const readParameters = parameterReader('WatchEventsRequest', watchEventsRequest, {
  pageToken: 'page_token',
  type: 'type',
  from: 'from',
});

const lastEventId = z.string().optional().openapi({
  description: 'The `id` of the last event that was received; it counts in place of `page_token` and `from`.',
  example: FEED_TOKEN,
});

const watchEventsDocument = {
  method: 'get' as const,
  path: PATH,
  tags: ['event'],
  summary: 'Stream what happened to orders and stock',
  description:
    'Server-sent events, oldest first, and then those that are still to come. The `data` of each is the ' +
    'same JSON as in `/event/list`, and its `id` is the token behind it: store it with what was made of ' +
    'the event, and continue with it as `Last-Event-ID` or `page_token`; nothing is missed or read twice. ' +
    'An `id` without data comes first, and at least every 15 seconds while there is nothing to send. A ' +
    'stream that ends with an error sends it as an event `error` whose data is a `Status`.',
  request: {
    headers: z.object({ 'Last-Event-ID': lastEventId }),
    query: z.object({ page_token: asked.pageToken, type: asked.type, from: asked.from }),
  },
  responses: responses(
    {
      schema: z.string(),
      description: 'A stream of events.',
      mediaType: 'text/event-stream',
      example: `retry: 1000\n\nid: ${FEED_TOKEN}\ndata: ${JSON.stringify(eventExample)}\n\n`,
    },
    [invalidFields('WatchEventsRequest', ['pageToken']), fixedRefusals.cursorExpired],
  ),
};

const encoding: PageEncoding = (events, next, tokenOf) => {
  // A comment keeps the connection busy; the id alone is not an event.
  if (events.length === 0) return Buffer.from(`:\nid: ${tokenOf(next)}\n\n`);
  let chunk = '';
  for (const event of events) chunk += `id: ${tokenOf(event)}\ndata: ${printEvent(event)}\n\n`;
  const last = events.at(-1);
  if (last && last.position < next.position) chunk += `id: ${tokenOf(next)}\n\n`;
  return Buffer.from(chunk);
};

type Watched = ReturnType<typeof readParameters>;

/** Adds the stream to the app and to its OpenAPI document. */
export function addEventStream(app: OpenAPIHono, context: TransportContext): void {
  describe(app, context, 'watchEvents', watchEventsDocument);
  const served = servedAs(context, 'watchEvents', watchEventsDocument);
  const { loms } = context;
  const handler: Handler<Context, z.infer<typeof watchEventsRequest>, EventStream, EventStream> = {
    read: (c, ...limits) => {
      const read = readParameters(c, ...limits) as Awaited<Watched>;
      const id = c.req.header(LAST_EVENT_ID);
      return !read.ok || !id ? read : accepted({ ...read.value, pageToken: id, from: undefined });
    },
    run: ({ pageToken = '', type, from = '' }, call: Call) =>
      loms.watchEvents({ pageToken, type, from, encoding }, call),
    print: (stream) => stream,
  };
  app.get(PATH, async (c) => {
    const reply = (c.env as HttpBindings | undefined)?.outgoing as ServerResponse | undefined;
    // What is sent before the request has arrived would have to wait for it.
    const trace = traceOf(c.req.header(TRACEPARENT), context.tracer?.sample);
    const { requestId } = trace;
    if (reply === undefined || isIncomplete(reply.req)) return errorResponse(malformedRequest, requestId);
    const opened = await perform(context, served, handler, trace, () => readCall(c, context), c);
    if (!opened.ok) return errorResponse(opened.refusal, requestId);
    if (c.req.method === 'HEAD') {
      opened.value.close();
      return new Response(null, { headers: streamHeaders(requestId) });
    }
    void pump(opened.value, openSink(reply, requestId), context);
    return RESPONSE_ALREADY_SENT;
  });
}
