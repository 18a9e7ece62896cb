/** The skus whose stock rows the running batches of creates lock, as far as this process knows. */

/** A line of a request, as far as it locks something. */
export interface LockedLine {
  readonly sku: number;
}

export class LockedSkus {
  /** How many running batches' requests name each sku. */
  readonly #counts = new Map<number, number>();

  lock(lines: readonly LockedLine[]): void {
    for (const { sku } of lines) this.#counts.set(sku, (this.#counts.get(sku) ?? 0) + 1);
  }

  unlock(lines: readonly LockedLine[]): void {
    for (const { sku } of lines) {
      const count = this.#counts.get(sku) as number;
      if (count > 1) this.#counts.set(sku, count - 1);
      else this.#counts.delete(sku);
    }
  }

  /**
   * A filter of the requests that a batch can take without a wait for the locks of those that run. One that
   * is passed over keeps its skus from those behind it, so each sku keeps the order of arrival.
   */
  filter(): (lines: readonly LockedLine[]) => boolean {
    const passed = new Set<number>();
    return (lines) => {
      if (!lines.some(({ sku }) => this.#counts.has(sku) || passed.has(sku))) return true;
      for (const { sku } of lines) passed.add(sku);
      return false;
    };
  }
}
