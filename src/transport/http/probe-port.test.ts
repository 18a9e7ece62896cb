/** The probe port: it answers while the event loop of its process is blocked. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../../test/support/ports.ts';

const source = fileURLToPath(new URL('./probe-port.ts', import.meta.url));
const LIVENESS_TIMEOUT_MS = 1_000;
/** Longer than the test takes; the process is killed at its end. */
const BLOCK_MS = 60_000;

let dir: string;
let child: ChildProcessByStdio<null, Readable, null> | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-probes-'));
});

afterEach(async () => {
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
});

afterAll(() => rm(dir, { recursive: true }));

/** Starts a process that opens the port, reports once that it is ready, and then runs `code`. */
async function start(port: number, code: string) {
  const program = join(dir, 'program.mjs');
  const options = { host: '127.0.0.1', port, livenessTimeoutMs: LIVENESS_TIMEOUT_MS, logger: {} };
  const text = `
    import { startProbePort } from '${source}';
    const render = async (accept) => ({ contentType: 'text/plain', body: "metrics as " + accept });
    const starting = startProbePort({ ...${JSON.stringify(options)}, metrics: { render } });
    const probes = await starting.catch((error) => console.log(error.message));
    if (probes) {
      probes.source = () => ({ ready: true, details: { writable: true } });
      probes.report();
      console.log(probes.port);
      ${code}
    }`;
  await writeFile(program, text);
  const args = ['--import', import.meta.resolve('tsx'), program];
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return child;
}

async function firstLine(): Promise<string> {
  if (child === undefined) throw new Error('no child');
  const [line] = await once(createInterface(child.stdout), 'line');
  return line;
}

interface Answer {
  readonly status: number;
  readonly body: { ageMs: number; [more: string]: unknown };
}

async function probe(port: string, path: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

test('while the event loop is blocked, probes show the last state and its age, and then fail', async () => {
  await start(0, `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BLOCK_MS});`);
  const port = await firstLine();
  const ready = await probe(port, '/readyz');
  expect(ready).toMatchObject({ status: 200, body: { ready: true, details: { writable: true } } });
  const later = async () => (await probe(port, '/readyz')).body.ageMs;
  await expect.poll(later, { timeout: 10_000 }).toBeGreaterThan(ready.body.ageMs);

  const lifeless = async () => (await probe(port, '/livez')).status;
  await expect.poll(lifeless, { timeout: 10_000 }).toBe(503);
  const { status, body } = await probe(port, '/readyz');
  expect([status, body.ready]).toEqual([503, true]);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(503);
  expect(body.ageMs).toBeGreaterThanOrEqual(LIVENESS_TIMEOUT_MS);
});

test('it serves the two probes, the metrics of the main thread, and nothing else', async () => {
  await start(0, `setInterval(() => probes.report(), ${LIVENESS_TIMEOUT_MS / 10});`);
  const port = await firstLine();
  expect(await probe(port, '/livez')).toMatchObject({ status: 200, body: { alive: true } });
  const scraped = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept: 'any' } });
  expect([scraped.status, scraped.headers.get('content-type')]).toEqual([200, 'text/plain']);
  expect(await scraped.text()).toBe('metrics as any');
  expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/livez`, { method: 'POST' })).status).toBe(405);
  const { headers } = await fetch(`http://127.0.0.1:${port}/readyz?verbose`, { method: 'HEAD' });
  expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
    'no-store',
    'nosniff',
  ]);
});

test('a port that is in use is named', async () => {
  const [port = 0] = await freePorts(1);
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const second = await start(port, '');
  expect(await firstLine()).toBe(`PROBE_PORT cannot be listened on at 127.0.0.1:${port}: the port is in use`);
  expect(await once(second, 'exit')).toEqual([0, null]);
  other.close();
});
