/**
 * The AsyncAPI document: the stream of events over REST. Its schemas are those of the OpenAPI document, whose
 * events are the same in lists and streams.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { typeOf } from '../../domain/events/attributes.ts';
import { type EventType, eventTypes } from '../../domain/events/event.ts';
import { version } from '../../telemetry/version.ts';
import { stringifyJson } from './json.ts';
import { openApiDocument } from './openapi.ts';

type Schemas = Readonly<Record<string, object>>;

const summaries: Readonly<Record<EventType, string>> = {
  'order.created': 'An order was created, and its stock is reserved.',
  'order.failed': 'An order was kept as failed, because stock was short.',
  'order.payed': 'An order was payed, and its stock is sold.',
  'order.cancelled': 'An order was cancelled on request, and its stock is free.',
  'order.expired': 'The reservation of an order has ended, and its stock is free.',
  'order.extended': 'The reservation of an order ends later.',
  'stock.adjusted': 'Stock was changed by hand.',
};

const refTo = (path: string) => ({ $ref: `#/${path}` });

/** An event whose `data` is of one kind. */
function eventMessage(type: EventType) {
  const name = typeOf({ type });
  const data = refTo(`components/schemas/${type === 'stock.adjusted' ? 'StockChange' : 'OrderChange'}`);
  return {
    name,
    title: name,
    summary: summaries[type],
    contentType: 'application/json',
    payload: {
      allOf: [
        refTo('components/schemas/Event'),
        { type: 'object', properties: { type: { const: name }, data } },
      ],
    },
  };
}

const errorMessage = {
  name: 'error',
  title: 'error',
  summary: 'The stream ends. It is the SSE event `error`; go on with the `id` of the last event.',
  contentType: 'application/json',
  payload: {
    type: 'object',
    description: 'The `Status` of the OpenAPI document.',
    required: ['code', 'message', 'details'],
    properties: {
      code: { type: 'integer', description: 'The code of `google.rpc.Code`.' },
      message: { type: 'string' },
      details: { type: 'array', items: { type: 'object' } },
    },
  },
};

const messages = Object.fromEntries([
  ...eventTypes.map((type) => [type, eventMessage(type)] as const),
  ['error', errorMessage] as const,
]);

/** The schemas that a value refers to, and those that these refer to. */
function schemasOf(value: unknown, all: Schemas, found: Record<string, object> = {}): Schemas {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    const name = key === '$ref' && /^#\/components\/schemas\/(\w+)$/.exec(inner)?.[1];
    if (!name) schemasOf(inner, all, found);
    else if (!(name in found)) {
      found[name] = all[name] ?? {};
      schemasOf(found[name], all, found);
    }
  }
  return found;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: object;
}

/** What the stream and the list have in common: where a reader begins, and what it wants. */
const SHARED_PARAMETERS = ['page_token', 'type', 'from'];

/**
 * Prints the AsyncAPI document.
 *
 * @param app all of its operations are added.
 * @returns a function of the server's address, which the document names.
 */
export function asyncApiPrinter(app: OpenAPIHono): (serverUrl: string) => string {
  const { paths, components } = openApiDocument(app);
  const parameters = (paths?.['/event/list']?.get?.parameters ?? []) as Parameter[];
  const query = parameters.filter(({ name }) => SHARED_PARAMETERS.includes(name));
  const names = Object.keys(messages);
  const security = Object.keys(components?.securitySchemes ?? {});
  const document = {
    asyncapi: '3.1.0',
    id: 'urn:loms:events',
    info: {
      title: 'loms events',
      version,
      description:
        'What happened to orders and stock, each committed change once and in order, as CloudEvents 1.0. ' +
        'The list of the same events is in the OpenAPI document, the stream over gRPC is ' +
        '`loms.event.v1.EventService/WatchEvents`. 64-bit integers are JSON numbers, digit for digit, also ' +
        'above 2^53.',
      license: { name: 'Apache License 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'event', description: 'What happened to orders and stock' }],
    },
    defaultContentType: 'application/json',
    channels: {
      events: {
        address: '/event/stream',
        title: 'Events',
        description:
          'Server-sent events (`text/event-stream`). `data` is the event, `id` the token behind it, which ' +
          '`Last-Event-ID` or `page_token` takes to go on.',
        servers: [refTo('servers/rest')],
        messages: Object.fromEntries(names.map((name) => [name, refTo(`components/messages/${name}`)])),
      },
    },
    operations: {
      sendEvents: {
        action: 'send',
        channel: refTo('channels/events'),
        title: 'Stream events',
        summary: 'Streams events to a client, oldest first.',
        messages: names.map((name) => refTo(`channels/events/messages/${name}`)),
        bindings: {
          http: {
            method: 'GET',
            query: {
              type: 'object',
              properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
            },
            bindingVersion: '0.3.0',
          },
        },
        ...(security.length > 0 && {
          description: 'The token needs the scope `events:read`.',
          security: security.map((name) => refTo(`components/securitySchemes/${name}`)),
        }),
      },
    },
    components: {
      messages,
      schemas: schemasOf(messages, components?.schemas as Schemas),
      ...(security.length > 0 && { securitySchemes: components?.securitySchemes }),
    },
  };
  const members = stringifyJson(document).slice(1);
  return (serverUrl) => `{"servers":${JSON.stringify({ rest: serverOf(serverUrl) })},${members}`;
}

function serverOf(serverUrl: string) {
  const { protocol, host, pathname } = new URL(serverUrl);
  return { protocol: protocol.slice(0, -1), host, ...(pathname !== '/' && { pathname }) };
}
