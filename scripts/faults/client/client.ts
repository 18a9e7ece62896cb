/** What a client of the service is: it makes one call and tells what its caller then knows. */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import type { Answer, Manner, Request, Shortage } from '../history.ts';

/** Calls one process of the service over one transport. It never throws: what goes wrong is an answer too. */
export interface Client {
  call(request: Request, manner: Manner): Promise<Answer>;
  close(): void;
}

/** How long after its deadline a caller still listens, to see whether the answer comes late. */
export const LISTEN_ON_MS = 3_000;

/** An order as both transports tell it. */
export interface ToldOrder {
  readonly status: string;
  readonly user: number | bigint;
  readonly items: readonly { readonly sku: number; readonly count: number }[];
}

/** What a read of an order tells. */
export function readAnswer({ status, user, items }: ToldOrder): Answer {
  const seenLines = items.map(({ sku, count }) => ({ sku: Number(sku), count: Number(count) }));
  return { outcome: 'ok', status: status as OrderStatus, seenUser: Number(user), seenLines };
}

/** An error as both transports tell it. */
export interface ToldError {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of a create without enough stock: the order that it was kept as, and what was short. */
  readonly short?: ToldShort | undefined;
}

export interface ToldShort {
  readonly orderId: number | bigint;
  readonly shortages: readonly Record<keyof Shortage, number | bigint>[];
}

/** What a refusal of the service tells. */
export function refusalAnswer({ reason, metadata, short }: ToldError): Answer {
  if (reason === 'OUTCOME_UNKNOWN') return { outcome: 'unknown', reason };
  const status = metadata.status as OrderStatus | undefined;
  return {
    outcome: 'refused',
    reason,
    ...(status === undefined ? {} : { status }),
    ...(short === undefined ? {} : shortAnswer(short)),
  };
}

function shortAnswer({ orderId, shortages }: ToldShort): Pick<Answer, 'answeredId' | 'shortages'> {
  return {
    answeredId: Number(orderId),
    shortages: shortages.map(({ sku, requested, available }) => ({
      sku: Number(sku),
      requested: Number(requested),
      available: Number(available),
    })),
  };
}

/** No answer came, and it cannot be known whether the service ever had the request. */
export function lostAnswer(reason: string, onExisting: boolean): Answer {
  return { outcome: 'unknown', reason, ...(onExisting ? { onExisting } : {}) };
}

/** A connection that did not come about: nothing was sent, so nothing was done. */
export const notSent: Answer = { outcome: 'refused', reason: 'NOT_SENT' };
