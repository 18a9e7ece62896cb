/** Counts the answers of a load and their times. */
import { latencyOf } from '../../lib/statistics.ts';
import type { LoadResult } from '../types.ts';

/** A bound on memory: how many times of one kind are kept, more than any step reaches. */
const TIMES_MAX = 5_000_000;

export class Tally {
  #ok = 0;
  #failed = 0;
  readonly #okTimes: number[] = [];
  readonly #refusedTimes: number[] = [];
  readonly #statuses = new Map<number, number>();
  readonly #generator: string;
  heldBack = 0;

  /** @param generator the name of the program that makes the load. */
  constructor(generator: string) {
    this.#generator = generator;
  }

  /** An answer of success. @param sentMs when its request was sent, by `performance.now()`. */
  ok(sentMs: number): void {
    this.#ok++;
    if (this.#okTimes.length < TIMES_MAX) this.#okTimes.push(performance.now() - sentMs);
  }

  /** A refusal, by its HTTP status or gRPC code. */
  refused(status: number, sentMs: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (this.#refusedTimes.length < TIMES_MAX) this.#refusedTimes.push(performance.now() - sentMs);
  }

  /** No answer. */
  failed(): void {
    this.#failed++;
  }

  result(seconds: number): LoadResult {
    const refused = [...this.#statuses.values()].reduce((sum, count) => sum + count, 0);
    const { user, system } = process.cpuUsage();
    return {
      generator: this.#generator,
      seconds,
      ok: this.#ok,
      refused,
      failed: this.#failed,
      heldBack: this.heldBack,
      // Where everything is refused, the refusals are the answers.
      latency: latencyOf(this.#ok > 0 ? this.#okTimes : this.#refusedTimes),
      refusalLatency: latencyOf(this.#refusedTimes),
      statuses: Object.fromEntries(this.#statuses),
      cpuSeconds: (user + system) / 1e6,
    };
  }
}
