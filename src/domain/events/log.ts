/** The events of a transaction, which it writes as one batch. */
import type { Queryable } from '../../db/types.ts';
import { eventBatchInsert } from '../../generated/sql/events.ts';
import { toSkuColumn } from '../orders/order.ts';
import type { ChangeKind } from './event.ts';

/** In place of an end where an event is about none. */
const NO_END = 0n;

export class EventLog {
  readonly #types: ChangeKind[] = [];
  readonly #subjects: bigint[] = [];
  readonly #versions: bigint[] = [];
  readonly #endsUs: bigint[] = [];
  readonly #traceparents: string[] = [];
  #hasEnd = false;
  #hasTrace = false;

  /**
   * @param subject the id of the order, or the sku.
   * @param version that the change has given it.
   * @param endUs when its reservation ends, in microseconds since the epoch, of a change that is about it.
   * @param traceparent that of the request which caused it.
   */
  add(type: ChangeKind, subject: bigint, version: bigint, endUs?: bigint, traceparent?: string): void {
    this.#types.push(type);
    this.#subjects.push(subject);
    this.#versions.push(version);
    this.#endsUs.push(endUs ?? NO_END);
    this.#traceparents.push(traceparent ?? '');
    if (endUs !== undefined) this.#hasEnd = true;
    if (traceparent !== undefined) this.#hasTrace = true;
  }

  /**
   * Sends the statement that writes the events. It must be the last one of the transaction (events.sql).
   *
   * @param skus those whose counters the transaction has changed.
   */
  write(tx: Queryable, skus: Iterable<number>): Promise<unknown>[] {
    if (this.#types.length === 0) return [];
    const columns = {
      types: this.#types,
      subjects: this.#subjects,
      versions: this.#versions,
      endsUs: this.#hasEnd ? this.#endsUs : [],
      traceparents: this.#hasTrace ? this.#traceparents : [],
      skus: toSkuColumn(skus),
    };
    return [eventBatchInsert.run(columns, tx)];
  }
}
