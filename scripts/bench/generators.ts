/** The load generators, each a process of its own. */
import { fileURLToPath } from 'node:url';
import { runOwn, runProgram } from './processes.ts';
import type { Load, LoadResult } from './types.ts';

const script = fileURLToPath(new URL('client/scenario.lua', import.meta.url));

/** Longer than any answer takes, so that wrk waits for every answer. */
const WRK_TIMEOUT = '30s';

/** The name and version of wrk, or undefined where it is not installed. */
export async function findWrk(): Promise<string | undefined> {
  // wrk prints its version and then fails without a URL.
  const text = await runProgram('sh', ['-c', 'command -v wrk >/dev/null && wrk -v; true'], 5);
  return /^wrk \S+/.exec(text)?.[0];
}

/** Runs wrk in one thread: a client in C, which leaves most of the shared cores to the service. */
export async function runWrk(load: Load): Promise<LoadResult> {
  const { port, scenario, concurrency, seconds } = load;
  const seed = String(Math.floor(Math.random() * 2 ** 31));
  const options = ['-t1', `-c${concurrency}`, `-d${seconds}s`, '--timeout', WRK_TIMEOUT, '-s', script];
  const args = [...options, `http://127.0.0.1:${port}`, '--', scenario, seed];
  const output = await runProgram('wrk', args, seconds);
  const json = /^RESULT (.*)$/m.exec(output)?.[1] ?? '';
  const { answers, ...measured } = JSON.parse(json) as Record<string, number>;
  const { refused = 0, failed = 0, p50 = 0, p90 = 0, p99 = 0, max = 0 } = measured;
  return {
    generator: 'wrk',
    seconds: measured.seconds ?? seconds,
    ok: (answers ?? 0) - refused,
    refused,
    failed,
    heldBack: 0,
    latency: { p50, p90, p99, max },
  };
}

/** Runs the project's own client, which can make all loads. */
export function runOwnClient(load: Load, onBegin: () => void): Promise<LoadResult> {
  return runOwn('client/main.ts', load, onBegin);
}
