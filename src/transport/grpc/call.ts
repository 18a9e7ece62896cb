/** What unary calls and those with a stream of replies have in common: what is read of them, and replied. */
import { type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { type CodeName, reasons } from '../../domain/errors.ts';
import { IDEMPOTENCY_KEY_FIELD } from '../../domain/idempotency/key.ts';
import type { ServedName } from '../../domain/operations.ts';
import type { Incoming, Served, TransportContext } from '../operation.ts';
import { RequestRecord } from '../record.ts';
import { TRACEPARENT } from '../traceparent.ts';
import { type KnownCall, knownCall } from './pending-calls.ts';

/** A call of either kind. */
export type AnyCall = Pick<ServerUnaryCall<Buffer, Buffer>, 'metadata' | 'cancelled'>;

/** Marks the reply to a call that did not run, because one with its idempotency key ran before. */
const REPLAYED = 'idempotency-replayed';

/**
 * The headers that HTTP/2 must not keep in its table of repeated headers: each request id is a new one, and
 * would push out those that do repeat.
 */
const unrepeated = [TRACEPARENT];

/** Initial metadata with a request id, made into headers as cheaply as each reply needs it. */
class ReplyMetadata extends Metadata {
  readonly #requestId: string;

  constructor(requestId: string) {
    super();
    this.#requestId = requestId;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers = super.toHttp2Headers();
    headers[TRACEPARENT] = this.#requestId;
    return Object.assign(headers, { [sensitiveHeaders]: unrepeated });
  }
}

/** The initial metadata of a reply. */
export function replyMetadata(requestId: string, isReplay?: boolean): Metadata {
  const metadata = new ReplyMetadata(requestId);
  if (isReplay) metadata.set(REPLAYED, 'true');
  return metadata;
}

/** The traceparent that a call has sent, if it has. */
export function sentIn({ metadata }: AnyCall): string | undefined {
  return metadata.get(TRACEPARENT)[0]?.toString();
}

/** What is served as a method, recorded by OpenTelemetry's conventions for RPC. */
export function servedAs({ metrics }: TransportContext, name: ServedName, path: string): Served {
  const transport = 'gRPC';
  const record = new RequestRecord({
    metrics,
    transport,
    operation: name,
    durations: metrics.histogram('rpc_server_call_duration_seconds'),
    statusOf: (refusal) => (refusal === undefined ? 'OK' : (reasons[refusal.reason] satisfies CodeName)),
    attributesOf: (status) => ({
      'rpc.system.name': 'grpc',
      'rpc.method': path.slice(1),
      'rpc.response.status_code': status,
    }),
  });
  return { name, transport, record };
}

export function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** The idempotency keys that a call has sent. */
export function keysOf({ metadata }: AnyCall): readonly (string | Buffer)[] {
  return metadata.get(IDEMPOTENCY_KEY_FIELD);
}

/** What is known of a call. What most calls are not asked for is read when it is. */
export class IncomingCall implements Incoming {
  readonly deadlineMs: number;
  readonly idempotencyKey: string | undefined;
  readonly #call: AnyCall;
  readonly #known: KnownCall;

  constructor(call: AnyCall) {
    const keys = keysOf(call);
    this.#call = call;
    this.#known = knownCall(call.metadata);
    this.deadlineMs = this.#known.replyByMs;
    this.idempotencyKey = keys.length === 0 ? undefined : keys.join(', ');
  }

  get address(): string {
    return this.#known.client;
  }

  get authorization(): string | undefined {
    return this.#call.metadata.get('authorization')[0]?.toString();
  }

  disconnected(): boolean {
    return this.#call.cancelled;
  }
}
