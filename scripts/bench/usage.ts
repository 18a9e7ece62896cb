/** CPU and memory of a process and the machine during a step. On Linux only; elsewhere it is empty. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const INTERVAL_MS = 100;
/** The unit of times in /proc, the same on all systems that Node.js runs on. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  readonly rssBytes?: number;
  /** Share of one core; above 1 where the process has threads. */
  readonly serviceCpu?: number;
  /** Share of all cores. */
  readonly idle?: number;
}

/**
 * Measures a process, or only the machine.
 *
 * @returns a function that ends the measurement, and returns the largest memory and the mean CPU use.
 */
export function measureUsage(pid: number | undefined): () => Usage {
  if (process.platform !== 'linux') return () => ({});
  const startMs = performance.now();
  const cpuBefore = pid === undefined ? 0 : cpuSecondsOf(pid);
  const idleBefore = idleSeconds();
  let rssBytes = 0;
  const sample = () => {
    if (pid !== undefined) rssBytes = Math.max(rssBytes, residentBytesOf(pid));
  };
  const timer = setInterval(sample, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    sample();
    const seconds = (performance.now() - startMs) / 1_000;
    const idle = Math.min(1, (idleSeconds() - idleBefore) / seconds / cpus().length);
    if (pid === undefined) return { idle };
    return { idle, rssBytes, serviceCpu: (cpuSecondsOf(pid) - cpuBefore) / seconds };
  };
}

/** The content of a file of /proc; empty when its process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function residentBytesOf(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** User and system time of a process, all threads together. */
function cpuSecondsOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the process is in brackets, and may contain brackets and blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/** The time that all cores together were idle or waited for a disk. */
function idleSeconds(): number {
  const fields = read('/proc/stat').split('\n', 1)[0]?.split(/\s+/) ?? [];
  return (Number(fields[4]) + Number(fields[5])) / TICKS_PER_SECOND;
}
