/** What was found good a moment ago, so that it is not computed again: bounded, each entry with an end. */
export class ExpiringCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  readonly #entriesMax: number;

  /** @param entriesMax past it the oldest entry makes room. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value, untilMs: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#entriesMax) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { value, untilMs });
  }

  get size(): number {
    return this.#entries.size;
  }
}
