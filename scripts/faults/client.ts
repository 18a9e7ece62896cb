/** Makes the calls of the workload, and records what a caller then knows. */
import { formatInstant, instantOfMicros } from '../../src/domain/instant.ts';
import type { CancelReason, OrderStatus } from '../../src/domain/orders/order.ts';
import {
  type Client,
  type Failure,
  type Request as Message,
  NoAnswer,
  type Answer as Received,
  type Reply,
  type Transport,
} from '../../test/support/client.ts';
import { grpcClient } from '../../test/support/grpc-client.ts';
import { restClient } from '../../test/support/rest-client.ts';
import type { Answer, CallSettings, Request, SeenStock, Shortage } from './history.ts';
import { millisecondsOf } from './times.ts';

/** Calls one process of the service. It does not throw: a call without an answer is an `Answer` too. */
export interface FaultClient {
  call(request: Request, settings: CallSettings): Promise<Answer>;
  close(): void;
}

/** How long after its deadline a caller keeps waiting, to see whether the answer comes late. */
const WAIT_ON_MS = 3_000;

/** gRPC connections to one process, so that the loss of one is not the loss of all calls. */
const GRPC_CONNECTIONS = 4;

/** Opens a client of a process for each transport. */
export function openClients(ports: Readonly<Record<Transport, number>>): Record<Transport, FaultClient> {
  return {
    REST: recorded(restClient(ports.REST)),
    gRPC: recorded(grpcClient(ports.gRPC, {}, GRPC_CONNECTIONS)),
  };
}

function recorded(client: Client): FaultClient {
  return {
    async call(request, { deadlineMs, abandonMs }) {
      const options = {
        timeoutMs: deadlineMs,
        disconnectAfterMs: abandonMs ?? deadlineMs + WAIT_ON_MS,
        ...(request.key === undefined ? {} : { keys: [request.key] }),
      };
      try {
        return answerOf(await client.call(request.operation, messageOf(request), options));
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        return withoutAnswer(error, abandonMs !== undefined);
      }
    },
    close: () => client.close(),
  };
}

function messageOf(request: Request): Message {
  const { operation, user, lines, ttlSeconds, orderId, acceptLate, sku } = request;
  const ttl = ttlSeconds === undefined ? {} : { reservationTtlSeconds: ttlSeconds };
  if (operation === 'createOrder') return { user: BigInt(user ?? 0), items: lines ?? [], ...ttl };
  if (operation === 'getStock') return { sku: sku ?? 0 };
  if (operation === 'adjustStock') return adjustmentOf(request);
  if (operation === 'countStock') return countOf(request);
  return { orderID: BigInt(orderId ?? 0), ...ttl, ...(acceptLate ? { acceptLate } : {}) };
}

function adjustmentOf({ changes = [], reference = '' }: Request): Message<'adjustStock'> {
  return {
    changes: changes.map(({ sku, change, expectedTotal }) => ({
      ...{ sku, change: BigInt(change), reference, reason: change > 0 ? 'received' : 'damaged' },
      ...(expectedTotal === undefined ? {} : { expectedTotal: BigInt(expectedTotal) }),
    })),
  };
}

function countOf({ counts = [], countedAtMs = 0, reference = '' }: Request): Message<'countStock'> {
  const countedAt = formatInstant(instantOfMicros(BigInt(countedAtMs) * 1_000n));
  return {
    counts: counts.map(({ sku, counted }) => ({ sku, counted: BigInt(counted), countedAt, reference })),
  };
}

function answerOf(received: Received): Answer {
  const answer = 'reply' in received ? readReply(received.reply) : readFailure(received.error, received.http);
  return received.replayed ? { ...answer, replayed: true } : answer;
}

/** The numbers of a run are small, so that none is rounded. */
function readReply(reply: Reply): Answer {
  const end = 'expiresAt' in reply ? endOf(reply.expiresAt) : {};
  if ('orderID' in reply) return { outcome: 'ok', answeredId: Number(reply.orderID), ...end };
  if ('stocks' in reply) return { outcome: 'ok', stocks: seenStocks(reply.stocks) };
  if ('results' in reply) return { outcome: 'ok', stocks: seenStocks(reply.results) };
  if ('count' in reply) return { outcome: 'ok', count: Number(reply.count) };
  if (!('items' in reply)) return { outcome: 'ok', ...end };
  const { status, user, items, cancelReason } = reply as Reply<'getOrder'>;
  const seenLines = items.map(({ sku, count }) => ({ sku: Number(sku), count: Number(count) }));
  const reason = cancelReason ? { cancelReason: cancelReason as CancelReason } : {};
  return { outcome: 'ok', status, seenUser: Number(user), seenLines, ...end, ...reason };
}

function endOf(time: string | undefined): Pick<Answer, 'expiresAtMs'> {
  const expiresAtMs = millisecondsOf(time);
  return expiresAtMs === undefined ? {} : { expiresAtMs };
}

interface ErrorInfo {
  readonly reason: string;
  readonly metadata?: { readonly status?: OrderStatus; readonly expiredAt?: string };
}

/** What the refusal of an order that has expired shows of it. */
const expired = { status: 'cancelled', cancelReason: 'expired' } as const;

function readFailure({ code, details }: Failure, http: number | undefined): Answer {
  const info = details.find(({ reason }) => typeof reason === 'string') as ErrorInfo | undefined;
  if (info === undefined) {
    return { outcome: 'unknown', reason: http === undefined ? `GRPC_${code}` : `HTTP_${http}` };
  }
  const { reason, metadata: { status, expiredAt } = {} } = info;
  if (reason === 'OUTCOME_UNKNOWN') return { outcome: 'unknown', reason };
  const short = details.find(({ shortages }) => shortages !== undefined);
  const named = details.find(({ stocks }) => stocks !== undefined);
  return {
    outcome: 'refused',
    reason,
    ...(status === undefined ? {} : { status }),
    ...(expiredAt === undefined ? {} : { ...expired, ...endOf(expiredAt) }),
    ...(reason === 'INSUFFICIENT_STOCK' && short !== undefined ? readShortages(short) : {}),
    ...(named === undefined ? {} : { stocks: seenStocks(named.stocks as object[]) }),
  };
}

/** The skus of an answer to a change of stock. */
function seenStocks(stocks: readonly object[]): SeenStock[] {
  return stocks.map((stock) => {
    const entries = Object.entries(stock).map(([name, value]) =>
      name === 'countedAt' ? ['countedAtMs', millisecondsOf(value)] : [name, Number(value)],
    );
    return Object.fromEntries(entries);
  });
}

/** The order that a create without enough stock was kept as, and its lines that were short. */
function readShortages({ orderID, shortages }: Failure['details'][number]) {
  const numbers = (shortages as Record<keyof Shortage, bigint>[]).map(({ sku, requested, available }) => ({
    sku: Number(sku),
    requested: Number(requested),
    available: Number(available),
  }));
  return { answeredId: Number(orderID), shortages: numbers };
}

function withoutAnswer({ reason, onOpenConnection }: NoAnswer, isAbandoned: boolean): Answer {
  if (reason === 'NOT_SENT') return { outcome: 'refused', reason };
  if (reason === 'DISCONNECTED') {
    return { outcome: 'unknown', reason: isAbandoned ? 'ABANDONED' : 'NO_ANSWER' };
  }
  return { outcome: 'unknown', reason, ...(onOpenConnection ? { onOpenConnection: true } : {}) };
}
