/**
 * The service as a process of its own, as users run it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface ServiceProcess {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly child: ChildProcess;
  /** What it has logged so far, each line parsed. */
  readonly log: Record<string, unknown>[];
  /** Sends a signal and waits for the end; resolves to the exit code, or null when the signal killed it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the service and waits until it says that it is ready.
 *
 * @param settings its whole environment besides PATH.
 * @throws with its output when it ends or is not ready in time.
 */
export async function startProcess(settings: Record<string, string>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HTTP_PORT: '0', GRPC_PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: Record<string, unknown>[] = [];
  // Not before the last of what it wrote has been read.
  const exited = once(child, 'close') as Promise<[number | null]>;
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const ready = new Promise<Record<string, unknown>>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const entry = JSON.parse(line);
      log.push(entry);
      if (entry.msg === 'loms listens') resolve(entry);
    });
  });
  const late = AbortSignal.timeout(START_TIMEOUT_MS);
  const failed = Promise.race([exited, once(late, 'abort')]).then(() => undefined);
  const entry = await Promise.race([ready, failed]);
  if (entry === undefined) {
    child.kill('SIGKILL');
    throw new Error(
      `the service did not start:\n${errors}\n${log.map((line) => JSON.stringify(line)).join('\n')}`,
    );
  }
  const portOf = (address: unknown) => Number(String(address).split(':').at(-1));
  return {
    httpPort: portOf(entry.rest),
    grpcPort: portOf(entry.grpc),
    child,
    log,
    async end(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}
