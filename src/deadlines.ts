/** What waits for something that may never come is given up at its deadline; one timer serves all that wait. */
import { Alarm, type SetTimer, setNodeTimer } from './alarm.ts';

export interface Waiting {
  /** In milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** Is called once, when the deadline has passed; it waits no longer then. */
  giveUp(): void;
}

export class Deadlines<W extends Waiting = Waiting> {
  readonly #waiting = new Set<W>();
  readonly #now: () => number;
  readonly #alarm: Alarm;

  constructor(now: () => number, setTimer: SetTimer = setNodeTimer) {
    this.#now = now;
    this.#alarm = new Alarm(() => this.#giveUp(), now, setTimer);
  }

  /** All that wait; who has waited longest comes first. */
  get waiting(): ReadonlySet<W> {
    return this.#waiting;
  }

  add(waiting: W): void {
    this.#waiting.add(waiting);
    this.#alarm.ringBy(waiting.deadlineMs);
  }

  /** Takes out what need not wait any longer. Tells whether it still waited. */
  delete(waiting: W): boolean {
    return this.#waiting.delete(waiting);
  }

  #giveUp(): void {
    const nowMs = this.#now();
    for (const waiting of this.#waiting) {
      if (waiting.deadlineMs > nowMs) {
        this.#alarm.ringBy(waiting.deadlineMs);
      } else {
        this.#waiting.delete(waiting);
        waiting.giveUp();
      }
    }
  }
}

/** Settles as `promised` does, or with `late` when that takes until the deadline. */
export function settleBy<T>(
  promised: Promise<T>,
  late: T,
  deadlineMs: number,
  deadlines: Deadlines,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const waiting = { deadlineMs, giveUp: () => resolve(late) };
    deadlines.add(waiting);
    promised.then(resolve, reject).finally(() => deadlines.delete(waiting));
  });
}
