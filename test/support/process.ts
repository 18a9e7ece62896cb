/** The service as a process of its own: a child of this one, which runs until it is ended. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Transport } from './client.ts';
import { compiled } from './programs.ts';
import { root } from './root.ts';

/** Node's arguments to run the service as `make build` compiled it. */
export const asBuilt: readonly string[] = ['--enable-source-maps', 'dist/main.js'];

const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 20_000;
const LINES_MAX = 10_000;
const ERRORS_MAX_CHARS = 64_000;

/** How a process ended. */
export interface Exit {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** The end of its standard error. */
  readonly errors: string;
}

export interface ServiceProcess {
  readonly pid: number;
  readonly ports: Readonly<Record<Transport, number>>;
  /** The last lines that it logged, each parsed. */
  readonly log: Record<string, unknown>[];
  /** Resolves when it has ended and all its output is read. */
  readonly exited: Promise<Exit>;
  /** Sends a signal, by default SIGTERM, and waits for the end. It is killed if it does not end in time. */
  end(signal?: NodeJS.Signals): Promise<Exit>;
}

export interface ProcessOptions {
  /** What Node.js runs: the service as compiled for the tests, if not set. */
  readonly args?: readonly string[];
  /** Receives every line of the log. */
  readonly onLine?: (line: string) => void;
}

/** V8's young generation as `make` sizes it for this process, and thereby for the service. */
const youngGeneration = process.execArgv.filter((arg) => arg.includes('-semi-space-size='));

/**
 * Starts the service, or a program that logs like it, and waits until it listens.
 *
 * @param settings its environment besides PATH; without ports in it, any free ones are taken.
 * @throws with its output when it ends before or takes too long.
 */
export async function startProcess(
  settings: Readonly<Record<string, string | undefined>>,
  { args = compiled('main'), onLine = () => {} }: ProcessOptions = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [...youngGeneration, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HTTP_PORT: '0', GRPC_PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = tailOf(child.stderr);
  const lines: string[] = [];
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined, errors: errors() });
    });
  });
  const listening = new Promise<{ rest: string; grpc: string }>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (lines.push(line) > LINES_MAX) lines.shift();
      if (line.includes('"loms listens"')) resolve(JSON.parse(line));
      onLine(line);
    });
  });
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    limit = setTimeout(resolve, START_LIMIT_MS);
  });
  const addresses = await Promise.race([listening, exited.then(() => undefined), late]);
  clearTimeout(limit);
  if (!addresses) {
    child.kill('SIGKILL');
    throw new Error(`${args.join(' ')} did not start:\n${errors()}\n${lines.join('\n')}`);
  }
  return {
    pid: child.pid ?? 0,
    ports: { REST: portOf(addresses.rest), gRPC: portOf(addresses.grpc) },
    get log() {
      return lines.map((line) => JSON.parse(line));
    },
    exited,
    async end(signal = 'SIGTERM') {
      const killing = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
      child.kill(signal);
      const exit = await exited;
      clearTimeout(killing);
      return exit;
    },
  };
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

/** Keeps the end of what a stream carries. */
export function tailOf(stream: Readable): () => string {
  let text = '';
  stream.on('data', (data) => {
    text = (text + data).slice(-ERRORS_MAX_CHARS);
  });
  return () => text;
}

/** Shows a line on standard error if it logs an error. */
export function showError(line: string): void {
  if (/"level":(50|60)/.test(line)) process.stderr.write(`${line}\n`);
}
