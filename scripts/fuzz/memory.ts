/** The memory that a service holds when it is at rest, and whether that grows with the cases. */
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type ServiceProcess, showError, startProcess } from '../../test/support/process.ts';
import { median } from '../lib/statistics.ts';

/** Loads what collects garbage and tells what is left. */
const COLLECTING = ['--expose-gc', '--import', new URL('collect.mjs', import.meta.url).href];

/** So long what was closed may take to be let go. */
const SETTLE_MS = 150;
const TELL_LIMIT_MS = 10_000;

/** A service that can be asked what it holds. */
export interface Watched extends ServiceProcess {
  /** Has it collect its garbage and tell what is left of heap and buffers, in bytes. */
  heldBytes(): Promise<number>;
}

/** Starts a service like `startProcess`. What it logs as an error is shown. */
export async function startWatched(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Watched> {
  const told = new EventEmitter();
  const onLine = (line: string) => {
    const { heldBytes } = JSON.parse(line);
    if (heldBytes !== undefined) told.emit('held', heldBytes);
    else showError(line);
  };
  const server = await startProcess(settings, { args: [...COLLECTING, ...args], onLine });
  return Object.assign(server, {
    async heldBytes() {
      await setTimeout(SETTLE_MS);
      const held = once(told, 'held', { signal: AbortSignal.timeout(TELL_LIMIT_MS) });
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
 * A service that keeps more than this of every case has a leak: one object of a few fields is enough. What a sound
 * one still adds, code that is compiled late and caches that fill up, comes to a third of it in 50,000 cases.
 */
export const GROWTH_MAX_BYTES_PER_CASE = 200;

/**
 * Compares the end of a run with its beginning, after the first fifth, in which most code and caches are made.
 *
 * @param samples what a service held after each round of so many cases.
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
