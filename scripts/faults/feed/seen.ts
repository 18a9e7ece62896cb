/** What readers of the feed have received, as the history has it. */
import type { CancelReason, Line, OrderStatus } from '../../../src/domain/orders/order.ts';
import type { MovementKind } from '../../../src/domain/stock/movements.ts';
import type { EventFields } from '../../../test/support/client.ts';
import { millisecondsOf } from '../times.ts';

/** How a reader of events reads: each run has one of each. */
export const eventReadings = ['ListEvents', 'SSE', 'WatchEvents'] as const;
export type EventReading = (typeof eventReadings)[number];
export type Reading = EventReading | 'ListStockChanges';

export interface SeenEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  /** When it happened, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** What it is about: one of the two. */
  readonly order?: SeenOrderChange;
  readonly stock?: SeenStockChange;
}

export interface SeenOrderChange {
  readonly orderId: number;
  readonly version: number;
  readonly status: OrderStatus;
  readonly previousStatus?: OrderStatus;
  readonly reason?: CancelReason;
  /** When the reservation ends or has ended, in milliseconds since the epoch. */
  readonly endMs?: number;
  readonly user?: number;
  readonly lines: readonly Line[];
}

export interface SeenStockChange {
  readonly sku: number;
  readonly version: number;
  readonly kind?: MovementKind;
  readonly totalChange?: number;
  readonly total?: number;
  readonly reserved?: number;
  readonly reference?: string;
}

/** Events that arrived together. */
export interface SeenPage {
  readonly reader: EventReading;
  readonly atMs: number;
  readonly events: readonly SeenEvent[];
  /** Leads to what follows. */
  readonly token: string;
}

/** A reader has gone on by its token, or without one from the first event that is kept. */
export interface Resume {
  readonly reader: Reading;
  readonly atMs: number;
  /** `CHOICE`, or how its call or stream ended. CURSOR_EXPIRED: it began again. */
  readonly reason: string;
}

/** A time in which a reader did not read, with its stream open. */
export interface Hold {
  readonly reader: EventReading;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The copy of the stock that the reader of ListStockChanges has in the end, by sku. */
export type StockCopy = ReadonlyMap<number, { readonly total: number; readonly reserved: number }>;

/** The numbers of a run are small, so that none is rounded. */
export function seenEvent({ sequence, id, type, time, data }: EventFields): SeenEvent {
  const head = { position: Number(sequence), id, type, timeMs: millisecondsOf(time) ?? 0 };
  return 'orderID' in data ? { ...head, order: orderChange(data) } : { ...head, stock: stockChange(data) };
}

function orderChange(data: EventFields['data']): SeenOrderChange {
  const { orderID, expiresAt, user, items, version, ...texts } = data;
  const lines = (items as { sku: bigint; count: bigint }[]).map(({ sku, count }) => {
    return { sku: Number(sku), count: Number(count) };
  });
  return {
    ...(texts as Pick<SeenOrderChange, 'status' | 'previousStatus' | 'reason'>),
    ...{ orderId: Number(orderID), version: Number(version), lines },
    ...endOf(expiresAt as string | undefined),
    ...(user === undefined ? {} : { user: Number(user) }),
  };
}

function endOf(expiresAt: string | undefined): Pick<SeenOrderChange, 'endMs'> {
  const endMs = millisecondsOf(expiresAt);
  return endMs === undefined ? {} : { endMs };
}

function stockChange(data: EventFields['data']): SeenStockChange {
  const { kind, reference } = data as { kind?: MovementKind; reference?: string };
  const numbers = ['sku', 'version', 'totalChange', 'total', 'reserved'].flatMap((name) =>
    data[name] === undefined ? [] : [[name, Number(data[name])]],
  );
  return {
    ...Object.fromEntries(numbers),
    ...(kind === undefined ? {} : { kind }),
    ...(reference === undefined ? {} : { reference }),
  };
}
