/** Runs a program to its end, as another account if need be, within a time limit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A user and group of the system. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface CommandOptions {
  /** The account that the program runs as; undefined is the account of this process. */
  readonly account?: Account | undefined;
  readonly limitMs?: number;
  /** The program's standard input. */
  readonly input?: string;
}

const LIMIT_MS = 120_000;
const OUTPUT_MAX_CHARS = 16 * 1024;

/**
 * The whole environment of the programs. Nothing is passed on: PGDATA and its kind would change what they
 * do, and on macOS postgres refuses to start without a locale.
 */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };

/**
 * Runs a program and waits for its end. It gets a session of its own: a Ctrl-C in the terminal reaches the
 * service alone, which then stops its servers in order.
 *
 * @returns its exit status, null when it was killed after its time limit, and the end of what it wrote.
 * @throws when the program cannot be started.
 */
export async function execute(
  file: string,
  args: readonly string[],
  { account, limitMs = LIMIT_MS, input = '' }: CommandOptions = {},
): Promise<{ status: number | null; output: string }> {
  const limit = { timeout: limitMs, killSignal: 'SIGKILL' } as const;
  // The service's working folder may be one that the account cannot enter.
  const child = spawn(file, args, { cwd: '/', detached: true, env: ENVIRONMENT, ...limit, ...account });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_MAX_CHARS);
    });
  }
  // A program may end before it has read everything; its exit status counts.
  child.stdin.on('error', () => {}).end(input);
  const [status] = await once(child, 'close');
  return { status, output };
}

/** Runs a program that must succeed; when it fails, the error holds the end of its output. */
export async function run(file: string, args: readonly string[], options?: CommandOptions): Promise<void> {
  const { status, output } = await execute(file, args, options);
  if (status !== 0) throw new Error(`${file} failed (${status ?? 'killed'}): ${output.trim()}`);
}
