/** The memory that the service holds when it is at rest, as Linux tells it; elsewhere nothing is told. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Node's options for a service whose memory is to be looked at: it collects its garbage on SIGUSR2. */
export const COLLECTING = ['--expose-gc', '--import', new URL('collect.mjs', import.meta.url).href];

const SETTLE_MS = 150;

/** Has a process collect its garbage and tells what it still holds, in bytes; 0 where nobody can tell. */
export async function settledBytes(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  process.kill(pid, 'SIGUSR2');
  await setTimeout(SETTLE_MS);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

export interface Growth {
  /** Medians of the second fifth and of the last fifth of a run. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
}

/** Compares the end of a run with its beginning, after the first fifth, in which caches and code are made. */
export function growthOf(samples: readonly number[]): Growth {
  const fifth = Math.ceil(samples.length / 5);
  return { earlyBytes: median(samples.slice(fifth, 2 * fifth)), lateBytes: median(samples.slice(-fifth)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
