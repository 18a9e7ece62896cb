/**
 * How far a replica's replay is behind, measured by its own progress and our clock. The age of its last
 * replayed transaction, which is often taken for this, is hours after an idle night with nothing behind at all.
 */
export class ReplayLag {
  /** WAL that had been received, but not replayed, when we looked at this time. */
  #goal: { readonly received: bigint; readonly sinceMs: number } | undefined;

  /**
   * @param received WAL received so far, in bytes; `replayed` likewise.
   * @param nowMs the time of the look.
   * @returns for how many milliseconds WAL that was seen to have been received has not been replayed.
   */
  look(received: bigint, replayed: bigint, nowMs: number): number {
    if (this.#goal === undefined || replayed >= this.#goal.received) {
      this.#goal = replayed < received ? { received, sinceMs: nowMs } : undefined;
    }
    return this.#goal === undefined ? 0 : nowMs - this.#goal.sinceMs;
  }

  /** Begins anew, for another server. */
  forget(): void {
    this.#goal = undefined;
  }
}
