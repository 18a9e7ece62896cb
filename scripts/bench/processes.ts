/**
 * The processes of the bench: servers that run until they are ended, and programs that run to their end and
 * print a result. All are children of this one, ended by their own ids, and end with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 20_000;
/** What a program may need beyond the time that its load takes. */
const PROGRAM_GRACE_MS = 30_000;
const ERRORS_MAX_CHARS = 4_000;

/** A server that answers REST and gRPC. */
export interface Server {
  readonly pid: number;
  readonly ports: { readonly REST: number; readonly gRPC: number };
  /** Ends it with SIGTERM and waits for its end; what does not end in time is killed. */
  end(): Promise<void>;
}

/** V8's young generation as `make` gave it to this process, which is as it gives it to the service. */
const youngGeneration = process.execArgv.filter((arg) => arg.includes('-semi-space-size='));

/**
 * Starts a server and waits until it logs that it is ready.
 *
 * @param args of node, besides those that size V8's young generation.
 * @throws with what it wrote when it ends before or takes too long.
 */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Server> {
  const child = spawn(process.execPath, [...youngGeneration, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = collectErrors(child);
  const ready = new Promise<{ rest: string; grpc: string }>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.includes('"loms listens"')) resolve(JSON.parse(line));
      else if (/"level":(50|60)/.test(line)) process.stderr.write(`${line}\n`);
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
    end: () => endChild(child),
  };
}

/**
 * Runs a program to its end.
 *
 * @param seconds for which it works by itself; it may take somewhat longer.
 * @param onBegin is called when it prints the first time.
 * @returns what it printed.
 * @throws with what it wrote when it fails or does not end.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  seconds: number,
  onBegin: () => void = () => {},
): Promise<string> {
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const errors = collectErrors(child);
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

/** What our own programs print when all is prepared and their load begins. */
export const BEGIN = 'begin\n';

/**
 * Runs one of the bench's own programs, which takes JSON, prints BEGIN, and in the end prints JSON.
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

/** Ends the programs that run now, so that what waits for them fails. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Keeps the end of what a child writes on its standard error. */
function collectErrors(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (data) => {
    text = (text + data).slice(-ERRORS_MAX_CHARS);
  });
  return () => text;
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(limit);
}
