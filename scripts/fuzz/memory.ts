/** The memory that an idle service holds, and whether it grows with the cases. */
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type ServiceProcess, showError, startProcess } from '../../test/support/process.ts';
import { median } from '../lib/statistics.ts';

/** Loads the module that collects garbage and reports what is left. */
const COLLECTING = ['--expose-gc', '--import', new URL('collect.mjs', import.meta.url).href];

/** How long closed connections may take to be released. */
const SETTLE_MS = 150;
const REPORT_LIMIT_MS = 10_000;

/** A service whose memory can be measured. */
export interface MeasuredService extends ServiceProcess {
  /** Collects garbage, and returns what is left of heap and buffers, in bytes. */
  heldBytes(): Promise<number>;
}

/** Starts a service like `startProcess`. The errors that it logs are shown. */
export async function startMeasured(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<MeasuredService> {
  const reports = new EventEmitter();
  const onLine = (line: string) => {
    const { heldBytes } = JSON.parse(line);
    if (heldBytes !== undefined) reports.emit('held', heldBytes);
    else showError(line);
  };
  const server = await startProcess(settings, { args: [...COLLECTING, ...args], onLine });
  return Object.assign(server, {
    async heldBytes() {
      await setTimeout(SETTLE_MS);
      const held = once(reports, 'held', { signal: AbortSignal.timeout(REPORT_LIMIT_MS) });
      process.kill(server.pid, 'SIGUSR2');
      const [heldBytes] = await held;
      return heldBytes as number;
    },
  });
}

export interface Growth {
  /** Medians of the second fifth and of the last fifth of a run. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
  /** What one case added between the two. */
  readonly bytesPerCase: number;
}

/**
 * A service that keeps more than this of every case has a leak: one object of a few fields is enough. Code
 * that is compiled late, and caches, come to a third of it in 50,000 cases.
 */
export const GROWTH_MAX_BYTES_PER_CASE = 200;

/**
 * Compares the last fifth of a run with the second. Most code and caches are created in the first.
 *
 * @param samples the bytes held after each round.
 */
export function growthOf(samples: readonly number[], casesPerRound: number): Growth {
  const fifth = Math.ceil(samples.length / 5);
  const earlyBytes = median(samples.slice(fifth, 2 * fifth));
  const lateBytes = median(samples.slice(-fifth));
  const rounds = samples.length - 2 * fifth;
  return { earlyBytes, lateBytes, bytesPerCase: (lateBytes - earlyBytes) / (rounds * casesPerRound) };
}

/** Whether a service keeps something of every case. */
export function isLeak({ bytesPerCase }: Growth): boolean {
  return bytesPerCase > GROWTH_MAX_BYTES_PER_CASE;
}
