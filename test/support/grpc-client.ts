/** The gRPC client, on grpc-js. It also sends messages that the contract forbids. */
import {
  Client as Channel,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { formatInstant, instantOf, type Timestamp } from '../../src/domain/instant.ts';
import {
  type Answer,
  type CallerHeaders,
  type CallOptions,
  type Client,
  type Failure,
  NoAnswer,
  type Operation,
  operations,
  type Request,
  replayMark,
} from './client.ts';
import { type Detail, statusOf } from './status.ts';

export const channelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 200,
};

/**
 * Opens a client for a port of this machine.
 *
 * @param connections used in turn; with several, the loss of one is not the loss of all calls.
 */
export function grpcClient(port: number, headers: CallerHeaders = {}, connections = 1): Client {
  const channels = Array.from(
    { length: connections },
    () => new Channel(`127.0.0.1:${port}`, credentials.createInsecure(), channelOptions),
  );
  let turn = 0;
  return {
    transport: 'gRPC',
    async call<Name extends Operation>(operation: Name, request: Request<Name>, options: CallOptions = {}) {
      const channel = channels[turn++ % connections] as Channel;
      const metadata = metadataOf(headers, options);
      const ended = await exchange(channel, operations[operation].grpc, toProto(request), metadata, options);
      return ('reply' in ended ? ended : answerOf(ended)) as Answer<Name>;
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

function metadataOf(headers: CallerHeaders, { keys = [], timeoutMs, disconnectAfterMs }: CallOptions) {
  const metadata = Metadata.fromHttp2Headers(headers);
  for (const key of keys) metadata.add('idempotency-key', key);
  // Given to the service alone: the library would end the call at that moment.
  if (disconnectAfterMs !== undefined && timeoutMs !== undefined)
    metadata.set('grpc-timeout', `${timeoutMs}m`);
  return metadata;
}

interface Replied {
  readonly reply: object;
  readonly replayed?: true;
}

/** A call that ended with an error. */
interface Failed {
  readonly error: ServiceError;
  readonly isDisconnected: boolean;
  readonly onOpenConnection: boolean;
  readonly replayed?: true;
}

/** Makes a call, and gives its reply, or its error with what is known of the connection. */
function exchange(
  channel: Channel,
  { path, requestSerialize, responseDeserialize }: (typeof operations)[Operation]['grpc'],
  message: object,
  metadata: Metadata,
  { timeoutMs, disconnectAfterMs }: CallOptions,
): Promise<Replied | Failed> {
  const state = channel.getChannel().getConnectivityState(false);
  // grpc-js throws when a call is made on a closed channel.
  if (state === connectivityState.SHUTDOWN) throw new NoAnswer('NOT_SENT');
  const libraryTimeoutMs = disconnectAfterMs === undefined ? timeoutMs : undefined;
  return new Promise((resolve) => {
    let isDisconnected = false;
    let mark: { readonly replayed?: true } = {};
    const call = channel.makeUnaryRequest(
      path,
      requestSerialize as (message: object) => Buffer,
      responseDeserialize as (bytes: Buffer) => object,
      message,
      metadata,
      libraryTimeoutMs === undefined ? {} : { deadline: Date.now() + libraryTimeoutMs },
      (error, reply) => {
        clearTimeout(timer);
        const onOpenConnection = state === connectivityState.READY;
        if (error) resolve({ error, isDisconnected, onOpenConnection, ...mark });
        else resolve({ reply: toContract(reply) as object, ...mark });
      },
    );
    const disconnect = () => {
      isDisconnected = true;
      call.cancel();
    };
    const timer = disconnectAfterMs === undefined ? undefined : setTimeout(disconnect, disconnectAfterMs);
    const readMark = (received: Metadata) => {
      mark = { ...mark, ...replayMark(received.get('idempotency-replayed')[0]) };
    };
    call.on('metadata', readMark).on('status', (status) => readMark(status.metadata));
  });
}

function answerOf({ error, isDisconnected, onOpenConnection, ...mark }: Failed): Answer {
  const status = statusOf(error);
  if (status !== undefined) {
    const failure = toContract({ ...status, details: status.details.map(toJson) }) as Failure;
    return { error: failure, ...mark };
  }
  if (isDisconnected) throw new NoAnswer('DISCONNECTED', { cause: error });
  if (error.details.startsWith('No connection established')) throw new NoAnswer('NOT_SENT', { cause: error });
  throw new NoAnswer(`GRPC_${error.code}`, { onOpenConnection, text: error.details, cause: error });
}

/** A detail in the form of REST's bodies. */
export function toJson({ type, ...detail }: Detail): object {
  if ('retryDelay' in detail) return { '@type': type, retryDelay: `${detail.retryDelay?.seconds}s` };
  if (!('fieldViolations' in detail)) return { '@type': type, ...detail };
  const violations = detail.fieldViolations.map(({ field, description }) => ({ field, description }));
  return { '@type': type, fieldViolations: violations };
}

/** The generated code has `orderId` for the contract's JSON name `orderID`. */
function toProto(request: Request): object {
  return Object.fromEntries(Object.entries(request).map(([key, value]) => [key.replace(/ID$/, 'Id'), value]));
}

const emptyValues: Readonly<Record<string, unknown>> = {
  ...{ nextPageToken: '', cancelReason: '', orderId: 0n },
  ...{ orders: 0, reason: '', reference: '', note: '', actor: '' },
  ...{ previousStatus: '', traceparent: '', user: 0n, kind: '' },
};

/** As REST has it: integers as bigints, times as texts, ids by their JSON names, nothing that is empty. */
export function toContract(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (Array.isArray(value)) return value.map(toContract);
  if (typeof value !== 'object' || value === null) return value;
  if ('seconds' in value && 'nanos' in value) return formatInstant(instantOf(value as Timestamp) ?? 0n);
  const entries = Object.entries(value)
    .filter(([key, inner]) => inner !== undefined && inner !== emptyValues[key])
    .map(([key, inner]) => [key.replace(/Id$/, 'ID'), toContract(inner)]);
  return Object.fromEntries(entries);
}
