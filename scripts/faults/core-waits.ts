/**
 * For how long the processes of a run waited for a core. A run has more busy processes than a small machine
 * has cores, and while neither the service nor its callers can run, no answer can come.
 */
import { readFileSync } from 'node:fs';
import type { CoreWait, History } from './history.ts';

const INTERVAL_MS = 100;

/** Records these times until it is stopped. Where the system does not count them, there are none. */
export class CoreWaits {
  readonly #timer: NodeJS.Timeout;
  readonly #waitedMs = new Map<number, number>();

  /** @param services the present processes of the service. */
  constructor(history: History, services: () => readonly number[]) {
    let fromMs = history.now();
    this.#timer = setInterval(() => {
      const untilMs = history.now();
      // Either waits, or one after the other.
      const longestMs = Math.max(0, ...services().map((pid) => this.#newMs(pid)));
      const waitMs = Math.min(this.#newMs(process.pid) + longestMs, untilMs - fromMs);
      history.coreWaits.push({ fromMs, untilMs, waitMs });
      fromMs = untilMs;
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** How long the main thread of a process has waited since the last look at it. */
  #newMs(pid: number): number {
    const waitedMs = readWaitedMs(pid);
    const beforeMs = this.#waitedMs.get(pid) ?? waitedMs;
    this.#waitedMs.set(pid, waitedMs);
    return waitedMs - beforeMs;
  }
}

/** Of the time since its start; 0 where it is not known. */
function readWaitedMs(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}

/** How much of a time the processes waited. */
export function waitedMs(waits: readonly CoreWait[], time: { startMs: number; endMs: number }): number {
  return waits
    .filter(({ fromMs, untilMs }) => fromMs < time.endMs && untilMs > time.startMs)
    .reduce((sum, { waitMs }) => sum + waitMs, 0);
}
