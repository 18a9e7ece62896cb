/** The programs of the bench, which run to their end and print a result, as children of this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { root, tailOf } from '../../test/support/process.ts';
import { BEGIN } from './program.ts';

/** What a program may need besides the time of its load. */
const PROGRAM_GRACE_MS = 30_000;

/**
 * Runs a program to its end.
 *
 * @param seconds of its load; it may take somewhat longer.
 * @param onBegin is called at its first output.
 * @returns what it printed.
 * @throws with its errors when it fails or does not end.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  seconds: number,
  onBegin: () => void = () => {},
): Promise<string> {
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const errors = tailOf(child.stderr);
  let output = '';
  child.stdout.once('data', onBegin);
  child.stdout.on('data', (data) => {
    output += data;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1_000 + PROGRAM_GRACE_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${file} ${args.join(' ')} failed (${code ?? 'killed'}):\n${errors()}`);
    return output;
  } finally {
    clearTimeout(limit);
    running.delete(child);
  }
}

/**
 * Runs one of the bench's own programs, which takes JSON, and prints BEGIN and then JSON.
 *
 * @param onBegin is called when its load begins.
 */
export async function runOwn<Result>(
  file: string,
  order: { readonly seconds: number },
  onBegin: () => void,
): Promise<Result> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const args = ['--import', 'tsx', path, JSON.stringify(order)];
  const output = await runProgram(process.execPath, args, order.seconds, onBegin);
  return JSON.parse(output.slice(BEGIN.length)) as Result;
}

const running = new Set<ChildProcess>();

/** Kills the running programs, so that their callers fail. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}
