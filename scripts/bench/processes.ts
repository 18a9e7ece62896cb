/**
 * The programs of the bench, which run as child processes: how they are started, and what the bench's own
 * programs (`baseline.ts`, `client/main.ts`) share.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { tailOf } from '../../test/support/process.ts';
import { root } from '../../test/support/root.ts';

/** What a program may take beyond the time of its load. */
const PROGRAM_GRACE_MS = 30_000;

/** Printed by an own program when it is ready and its load begins. Its result follows as JSON. */
export const BEGIN = 'begin\n';

const running = new Set<ChildProcess>();

/** Imports a module of `dist/`, typed as its source, so that a program runs the same code as the service. */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as Module;
}

/**
 * Runs a program to its end.
 *
 * @param seconds the duration of its load; the program may take somewhat longer.
 * @param onBegin is called at its first output.
 * @returns what it printed.
 * @throws with its error output when it fails or does not end.
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
 * Runs an own program. Its one argument is JSON; it prints BEGIN and then its result as JSON.
 *
 * @param onBegin is called when its load begins.
 */
export async function runOwn<Result>(
  file: string,
  what: { readonly seconds: number },
  onBegin: () => void,
): Promise<Result> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const args = ['--import', 'tsx', path, JSON.stringify(what)];
  const output = await runProgram(process.execPath, args, what.seconds, onBegin);
  return JSON.parse(output.slice(BEGIN.length)) as Result;
}

/** Kills the running programs, so that their callers fail. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}
