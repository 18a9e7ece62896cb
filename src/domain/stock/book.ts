/** The book of a transaction that changes stock by hand: its requests are decided one after the other. */
import type { Queryable } from '../../db/types.ts';
import { stockChange, stockOpen } from '../../generated/sql/stocks.ts';
import { STOCK_CHANGE } from '../events/event.ts';
import { EventLog } from '../events/log.ts';
import { formatInstant, type Instant } from '../instant.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import type { MovementKind } from './movements.ts';
import type { LockedStock } from './stock.ts';

/** The counters of a sku; a sku without stock has no pieces. */
export interface Counters {
  readonly total: bigint;
  readonly reserved: bigint;
}

export const NO_PIECES: Counters = { total: 0n, reserved: 0n };

/** A change by hand. Empty texts stand for none. */
export interface Entry {
  readonly sku: number;
  readonly kind: MovementKind;
  readonly change: bigint;
  readonly reason: string;
  readonly reference: string;
  readonly note: string;
  readonly actor: string;
  /** That of the request. */
  readonly traceparent: string | undefined;
  /** When the stock was counted, of a count. */
  readonly countedAt?: Instant;
}

export class StockBook {
  readonly #counters: Map<number, Counters>;
  readonly #versions: Map<number, bigint>;
  readonly #log = new EventLog();
  readonly #opened = new Set<number>();
  /** Each list has a sku once: what is entered for it after that comes in a later one. */
  readonly #entries: Entry[][] = [];
  readonly #entriesOf = new Map<number, number>();

  constructor({ rows }: LockedStock) {
    this.#versions = new Map(rows.map((row) => [fromSkuColumn(row.sku), row.version]));
    this.#counters = new Map(
      rows.map((row) => [fromSkuColumn(row.sku), { total: row.total_count, reserved: row.reserved }]),
    );
  }

  /** The counters behind all entries. */
  of(sku: number): Counters {
    return this.#counters.get(sku) ?? NO_PIECES;
  }

  enter(entry: Entry): void {
    const { sku, change, traceparent } = entry;
    const version = (this.#versions.get(sku) ?? 0n) + 1n;
    this.#versions.set(sku, version);
    this.#log.add(STOCK_CHANGE, BigInt(sku), version, undefined, traceparent);
    if (!this.#counters.has(sku)) this.#opened.add(sku);
    const { total, reserved } = this.of(sku);
    this.#counters.set(sku, { total: total + change, reserved });
    const place = this.#entriesOf.get(sku) ?? 0;
    this.#entriesOf.set(sku, place + 1);
    const list = this.#entries[place];
    if (list === undefined) this.#entries.push([entry]);
    else list.push(entry);
  }

  /** Sends the statements that write all entries, in order, and last of all their events. */
  write(tx: Queryable): Promise<unknown>[] {
    const opened = this.#opened.size > 0 ? [stockOpen.run({ skus: toSkuColumn(this.#opened) }, tx)] : [];
    const changes = this.#entries.map((entries) => stockChange.run(columnsOf(entries), tx));
    return [...opened, ...changes, ...this.#log.write(tx, this.#entriesOf.keys())];
  }
}

function columnsOf(entries: readonly Entry[]) {
  return {
    skus: toSkuColumn(entries.map(({ sku }) => sku)),
    kinds: entries.map(({ kind }) => kind),
    totalChanges: entries.map(({ change }) => change),
    reservedChanges: entries.map(() => 0n),
    orderIds: entries.map(() => 0n),
    orderCounts: entries.map(() => 0),
    countedAts: entries.flatMap(({ countedAt }) =>
      countedAt === undefined ? [] : [formatInstant(countedAt)],
    ),
    reasons: entries.map(({ reason }) => reason),
    references: entries.map(({ reference }) => reference),
    notes: entries.map(({ note }) => note),
    actors: entries.map(({ actor }) => actor),
  };
}
