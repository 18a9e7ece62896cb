/**
 * The share of the event loop for work that may be late where requests may not. It gets what they leave at
 * low loads and falls with their load, and never gets less than a small share, so that it always goes on.
 */

/** Reads how long the event loop has worked and waited since the process began, in milliseconds. */
export type ReadLoop = () => { readonly active: number; readonly idle: number };

/** The share that it has at any load. */
export const SHARE_MIN = 0.07;

/**
 * The share is that which others leave, to this power: at half of the load an eighth. A loop that waits for
 * the database is idle and yet has little to spare, since what it sends also costs the system, the database
 * and the receivers, which may be on the same machine.
 */
const CAUTION = 3;

export class LoopShare {
  readonly #read: ReadLoop;
  #before: ReturnType<ReadLoop>;
  /** The work that began with the last call. */
  #workMs = 0;

  constructor(read: ReadLoop = () => performance.eventLoopUtilization()) {
    this.#read = read;
    this.#before = read();
  }

  /**
   * Computes the time from the beginning of some work to that of the next.
   *
   * @param workMs how long the work that begins now keeps the event loop.
   * @returns the work and a pause behind it, in milliseconds: together so long that the work takes its share
   *   of the loop, judged by what others have taken since the last call.
   */
  timeFor(workMs: number): number {
    const { active, idle } = this.#read();
    const activeMs = active - this.#before.active;
    const elapsedMs = activeMs + idle - this.#before.idle;
    const others = elapsedMs > 0 ? Math.max(0, activeMs - this.#workMs) / elapsedMs : 0;
    this.#before = { active, idle };
    this.#workMs = workMs;
    return workMs / Math.max(SHARE_MIN, (1 - others) ** CAUTION);
  }
}
