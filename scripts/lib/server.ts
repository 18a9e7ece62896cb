/**
 * A server as a process of its own: a child of this one, ended by its own id, that runs until it is ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout, in which all programs run. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 20_000;
const ERRORS_MAX_CHARS = 4_000;

/** How a server ended. */
export interface Exit {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** The end of what it wrote on its standard error. */
  readonly errors: string;
}

/** A server that answers REST and gRPC. */
export interface Server {
  readonly pid: number;
  readonly ports: { readonly REST: number; readonly gRPC: number };
  /** Ends it with SIGTERM and waits for its end; what does not end in time is killed. */
  end(): Promise<void>;
  /** Kills it, with no chance to finish anything, and waits for its end. */
  kill(): Promise<void>;
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<Exit>;
}

/** V8's young generation as `make` gave it to this process, which is as it gives it to the service. */
const youngGeneration = process.execArgv.filter((arg) => arg.includes('-semi-space-size='));

/**
 * Starts a server and waits until it logs that it is ready.
 *
 * @param args of node, besides those that size V8's young generation.
 * @param onLine is given every line that it logs; without it, errors are shown.
 * @throws with what it wrote when it ends before or takes too long.
 */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  onLine: (line: string) => void = showError,
): Promise<Server> {
  const child = spawn(process.execPath, [...youngGeneration, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = collectErrors(child);
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined, errors: errors() });
    });
  });
  const ready = new Promise<{ rest: string; grpc: string }>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.includes('"loms listens"')) resolve(JSON.parse(line));
      onLine(line);
    });
  });
  const late = AbortSignal.timeout(START_LIMIT_MS);
  const failed = Promise.race([once(child, 'exit'), once(late, 'abort')]).then(() => undefined);
  const entry = await Promise.race([ready, failed]);
  if (entry === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${args.join(' ')} did not start:\n${errors()}`);
  }
  const portOf = (address: string) => Number(address.split(':').at(-1));
  return {
    pid: child.pid ?? 0,
    ports: { REST: portOf(entry.rest), gRPC: portOf(entry.grpc) },
    end: () => endChild(child, 'SIGTERM'),
    kill: () => endChild(child, 'SIGKILL'),
    exited,
  };
}

function showError(line: string): void {
  if (/"level":(50|60)/.test(line)) process.stderr.write(`${line}\n`);
}

/** Keeps the end of what a child writes on its standard error. */
export function collectErrors(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (data) => {
    text = (text + data).slice(-ERRORS_MAX_CHARS);
  });
  return () => text;
}

async function endChild(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
  child.kill(signal);
  await exited;
  clearTimeout(limit);
}
