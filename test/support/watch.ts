/**
 * Readers of the stream of events, over both transports:
 *
 *     for await (const { events, token } of watchEvents('REST', port, { from: 'beginning' })) ...
 *
 * A reader that is not in its loop reads nothing, so that the service has to wait for it. To leave the loop
 * disconnects.
 */

import { type IncomingMessage, request as send } from 'node:http';
import { Client as Channel, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { parse } from 'lossless-json';
import {
  EventServiceService,
  type WatchEventsResponse,
} from '../../src/generated/proto/loms/event/v1/event.ts';
import {
  type CallerHeaders,
  type EventFields,
  eventsInJson,
  type Failure,
  type Transport,
} from './client.ts';
import { channelOptions, toContract, toJson } from './grpc-client.ts';
import { statusOf } from './status.ts';

export interface WatchRequest {
  readonly pageToken?: string;
  readonly type?: readonly string[];
  readonly from?: 'beginning';
  /** As an `EventSource` sends it when it reconnects; over REST only. */
  readonly lastEventId?: string;
}

export interface WatchedPage {
  /** None in a bookmark. */
  readonly events: readonly EventFields[];
  /** The token behind these events. */
  readonly token: string;
}

/** Thrown where a stream ends with an error of the service, or is refused. */
export class WatchError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }

  get reason(): unknown {
    return this.failure.details[0]?.reason;
  }
}

type Pages = AsyncGenerator<WatchedPage, void, undefined>;

/**
 * Reads a stream until it ends without an error.
 *
 * @throws WatchError with the error that ends it, and what the connection's loss causes.
 */
export function watchEvents(
  transport: Transport,
  port: number,
  request: WatchRequest = {},
  headers: CallerHeaders = {},
): Pages {
  return transport === 'REST' ? watchRest(port, request, headers) : watchGrpc(port, request, headers);
}

async function* watchRest(
  port: number,
  { pageToken, type = [], from, lastEventId }: WatchRequest,
  headers: CallerHeaders,
): Pages {
  const query = new URLSearchParams(type.map((each): [string, string] => ['type', each]));
  if (pageToken !== undefined) query.set('page_token', pageToken);
  if (from !== undefined) query.set('from', from);
  const path = `/event/stream?${query}`;
  const own = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const outgoing = send({ host: '127.0.0.1', port, path, agent: false, headers: { ...headers, ...own } });
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject).end();
    });
    incoming.setEncoding('utf8');
    if (incoming.statusCode !== 200) {
      let body = '';
      for await (const chunk of incoming) body += chunk;
      throw new WatchError(parse(body, undefined, BigInt) as Failure);
    }
    let rest = '';
    for await (const chunk of incoming) {
      const blocks = `${rest}${chunk}`.split('\n\n');
      rest = blocks.pop() ?? '';
      const page = pageOf(blocks.map(fieldsOf));
      if (page !== undefined) yield page;
    }
  } finally {
    outgoing.destroy();
  }
}

/** The fields of a block of server-sent events. */
function fieldsOf(block: string): Readonly<Record<string, string>> {
  const lines = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
}

function pageOf(blocks: readonly Readonly<Record<string, string>>[]): WatchedPage | undefined {
  let token: string | undefined;
  const events: EventFields[] = [];
  for (const { id, event, data } of blocks) {
    if (event === 'error') throw new WatchError(parse(data ?? '', undefined, BigInt) as Failure);
    if (id !== undefined) token = id;
    if (data !== undefined) events.push(parse(data, undefined, BigInt) as unknown as EventFields);
  }
  return token === undefined ? undefined : { events, token };
}

async function* watchGrpc(
  port: number,
  { type = [], lastEventId: _, ...request }: WatchRequest,
  headers: CallerHeaders,
): Pages {
  const channel = new Channel(`127.0.0.1:${port}`, credentials.createInsecure(), channelOptions);
  const { path, requestSerialize, responseDeserialize } = EventServiceService.watchEvents;
  const message = { pageToken: '', from: '', ...request, type: [...type] };
  const metadata = Metadata.fromHttp2Headers(headers);
  const call = channel.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    message,
    metadata,
  );
  try {
    for await (const each of call) {
      const { events, pageToken: token } = each as WatchEventsResponse;
      yield { events: toContract(eventsInJson(events)) as EventFields[], token };
    }
  } catch (error) {
    const status =
      error instanceof Error && 'metadata' in error ? statusOf(error as ServiceError) : undefined;
    if (status === undefined) throw error;
    throw new WatchError(toContract({ ...status, details: status.details.map(toJson) }) as Failure);
  } finally {
    call.on('error', () => {});
    call.cancel();
    channel.close();
  }
}
