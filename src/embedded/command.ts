/**
 * Runs a program to its end, as another account if need be, within a time limit.
 */
import { spawn } from 'node:child_process';

/** A user and group of the system that a program runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface CommandOptions {
  /** Whom to run as; undefined is the account of this process. */
  readonly account: Account | undefined;
  readonly limitMs: number;
  /** What the program reads on its standard input. */
  readonly input?: string;
}

/** How a program ended: its exit status (null when a signal ended it) and the end of what it wrote. */
export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
}

/** The most characters of a program's output that are kept, counted from its end. */
const OUTPUT_MAX_CHARS = 16 * 1024;

/**
 * The whole environment of the programs. Nothing is passed on: PGDATA and its kind would change what they
 * do, and on macOS postgres refuses to start without a locale.
 */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };

/**
 * Runs a program and waits for its end, whatever its exit status.
 *
 * The program gets a session of its own: a Ctrl-C in the terminal is for the service, which ends its
 * servers when it has finished its work, and not for them.
 *
 * @throws when the program cannot be started or has not ended in time; it is killed then.
 */
export function execute(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { account, input, limitMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      // The service's own working folder may be one that the account cannot enter.
      cwd: '/',
      detached: true,
      env: ENVIRONMENT,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...account,
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_MAX_CHARS);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    // A program that ends before it has read everything says so by its exit status.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);

    const timer = setTimeout(() => {
      reject(new Error(`${file} did not end within ${limitMs} ms: ${output.trim()}`));
      killGroup(child.pid);
    }, limitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${file} cannot be run: ${error.message}`, { cause: error }));
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status, output });
    });
  });
}

/**
 * Runs a program that must succeed.
 *
 * @returns the end of its output.
 * @throws when it fails, with what it wrote.
 */
export async function run(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { status, output } = await execute(file, args, options);
  if (status !== 0) throw new Error(`${file} failed (${status ?? 'killed'}): ${output.trim()}`);
  return output;
}

/** Kills a program together with its children; initdb, for one, has some. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
  }
}
