/** The console as the server sees it: files, policy, access, and the stream of samples. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silent, testApp } from '../../../test/support/http-app.ts';
import { readConfig } from '../../config/config.ts';
import type { Identity } from '../../domain/access.ts';
import { scopes } from '../../domain/operations.ts';
import { accepted, refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { SAMPLES_MAX, Samples } from '../../telemetry/samples.ts';
import { version } from '../../telemetry/version.ts';
import { SAMPLE_STREAMS_MAX } from './console.ts';
import { type HttpServer, startHttpServer } from './server.ts';

/** Of all files together, as they are sent. */
const CONSOLE_MAX_BYTES = 80_000;

let folder: string;
let samples: Samples;
const servers: HttpServer[] = [];
const readers: ReadableStreamDefaultReader<string>[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loms-console-'));
  await build({ configFile: 'console/vite.config.ts', build: { outDir: folder } });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.cancel()));
  samples?.stop();
  await Promise.all(servers.splice(0).map((server) => server.stop(1_000)));
});

type AppOptions = Parameters<typeof testApp>[0];

function consoleApp(options: AppOptions = {}) {
  samples = new Samples(['orders.created', 'queue']);
  return testApp({ console: { folder, samples }, ...options });
}

async function startConsole(options: AppOptions = {}): Promise<string> {
  const server = await startHttpServer(consoleApp(options), { host: '127.0.0.1', port: 0, logger: silent });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

/** Reads a stream until its text matches. */
async function openStream(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/console/samples`, { headers });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('no body');
  readers.push(reader);
  let text = '';
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    return text;
  };
  return { response, until };
}

/** The samples in the text of a stream. */
function samplesIn(text: string): number[][] {
  return [...text.matchAll(/^data: (\[.*\])$/gm)].flatMap(([, json = '']) => JSON.parse(json));
}

describe('the page', () => {
  test('is served with a policy that allows this server and nothing inside of the page', async () => {
    const app = consoleApp();
    const response = await app.request('/console/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const page = await response.text();
    expect(page).not.toMatch(/<style|<script[^>]*>[^<]|style=|https?:|["']\/\//);
    const referred = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(referred).toHaveLength(3);
    for (const path of referred) {
      // Relative to the page, so that it is found behind a path prefix too.
      expect(path).toMatch(/^\.\/assets\//);
      expect((await app.request(new URL(path, 'http://localhost/console/'))).status).toBe(200);
    }
  });

  test('files are kept for ever, and sent compressed to those that accept it', async () => {
    const app = consoleApp();
    const [script = ''] = (await readdir(join(folder, 'assets'))).filter((name) => name.endsWith('.js'));
    const path = `/console/assets/${script}`;
    const plain = await app.request(path);
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect([plain.headers.get('vary'), plain.headers.get('content-encoding')]).toEqual([
      'accept-encoding',
      null,
    ]);
    const compressed = await app.request(path, { headers: { 'accept-encoding': 'br, gzip' } });
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    const unpacked = gunzipSync(new Uint8Array(await compressed.arrayBuffer()));
    expect(unpacked.equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
    const etag = plain.headers.get('etag') ?? '';
    expect((await app.request(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('all files together stay small', async () => {
    const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    const sizes = names.map(async ({ parentPath, name }) => {
      return gzipSync(await readFile(join(parentPath, name)), { level: 9 }).length;
    });
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(CONSOLE_MAX_BYTES);
  });

  test('/console redirects to it, behind a path prefix too', async () => {
    const response = await consoleApp().request('/console');
    expect(response.status).toBe(302);
    const location = response.headers.get('location') ?? '';
    expect(new URL(location, 'http://localhost/loms/console').pathname).toBe('/loms/console/');
  });

  test('nothing is served where it is off, or not built', async () => {
    const missing = { folder: join(folder, 'missing'), samples: new Samples([]) };
    for (const app of [testApp(), testApp({ console: missing })]) {
      for (const path of ['/console', '/console/', '/console/samples']) {
        expect((await app.request(path)).status, path).toBe(404);
      }
    }
  });

  test('it is on by itself on loopback only', () => {
    const network = { HTTP_HOST: '0.0.0.0', AUTH: 'none', DATABASE_URL: 'postgres://a@b/c' };
    expect(readConfig({}).console).toBe(true);
    expect(readConfig({ CONSOLE: 'false' }).console).toBe(false);
    expect(readConfig(network).console).toBe(false);
    expect(readConfig({ ...network, CONSOLE: 'true' }).console).toBe(true);
  });
});

describe('the stream of samples', () => {
  test('sends what the columns are, the samples that are kept, and then each new one', async () => {
    const url = await startConsole();
    samples.add(1_000, [5, Number.NaN]);
    samples.add(2_000, [6, 1]);
    const { response, until } = await openStream(url);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const kept = await until(/2000/);
    const [, head = ''] = /^event: head\ndata: (.*)$/m.exec(kept) ?? [];
    expect(JSON.parse(head)).toEqual({
      ...{ version, caller: '', scopes: [...scopes] },
      columns: ['orders.created', 'queue'],
    });
    expect(samplesIn(kept)).toEqual([
      [1_000, 5, null],
      [2_000, 6, 1],
    ]);
    samples.add(3_000, [7, 0]);
    expect(samplesIn(await until(/3000/)).at(-1)).toEqual([3_000, 7, 0]);
  });

  test('sends an hour at most, in parts', async () => {
    const url = await startConsole();
    for (let second = 0; second < SAMPLES_MAX + 5; second++) samples.add(second * 1_000, [second, 0]);
    const { until } = await openStream(url);
    const text = await until(new RegExp(`,${SAMPLES_MAX + 4},0\\]\\]\n`));
    const all = samplesIn(text);
    expect(all).toHaveLength(SAMPLES_MAX);
    expect([all[0]?.[1], all.at(-1)?.[1]]).toEqual([5, SAMPLES_MAX + 4]);
    expect(text.match(/^data: \[/gm)).toHaveLength(12);
  });

  test('is refused beyond the most streams, and accepted when one has ended', async () => {
    const url = await startConsole();
    for (let stream = 0; stream < SAMPLE_STREAMS_MAX; stream++) await (await openStream(url)).until(/head/);
    expect((await fetch(`${url}/console/samples`)).status).toBe(429);
    await readers.shift()?.cancel();
    const status = async () => (await openStream(url)).response.status;
    await expect.poll(status).toBe(200);
  });

  test('ends when the service stops', async () => {
    const { until } = await openStream(await startConsole());
    await until(/head/);
    samples.stop();
    expect(await until(/event: error/)).toContain('SHUTTING_DOWN');
  });
});

describe('with tokens', () => {
  let nowMs = 0;
  const identity = (given: readonly string[]): Identity => ({
    name: 'alice',
    scopes: new Set(given),
    endMs: 10,
  });
  const identities: Readonly<Record<string, Identity>> = {
    'Bearer reader': identity(['stock:read', 'other']),
    'Bearer stranger': identity(['other']),
  };
  const options: AppOptions = {
    now: () => nowMs,
    authenticate: (authorization) => {
      if (authorization === undefined) return refused(fixedRefusals.credentialsMissing);
      const known = identities[authorization];
      return known === undefined ? refused(fixedRefusals.credentialsInvalid) : accepted(known);
    },
  };

  test.each([
    [undefined, 401, 'CREDENTIALS_MISSING'],
    ['Bearer forged', 401, 'CREDENTIALS_INVALID'],
    ['Bearer stranger', 403, 'SCOPE_MISSING'],
  ])('samples for %s are refused with %i, without data', async (authorization, status, reason) => {
    const app = consoleApp(options);
    samples.add(1_000, [987_654, 0]);
    const headers: Record<string, string> = authorization ? { authorization } : {};
    const response = await app.request('/console/samples', { headers });
    const text = await response.text();
    expect([response.status, JSON.parse(text).details[0].reason]).toEqual([status, reason]);
    expect(text).not.toContain('987654');
    expect((await app.request('/console/')).status).toBe(200);
  });

  test('any of our scopes suffices, and the head names those of the caller', async () => {
    nowMs = 0;
    const { until } = await openStream(await startConsole(options), { authorization: 'Bearer reader' });
    expect(await until(/head\ndata.*\n/)).toContain('"caller":"alice","scopes":["stock:read"]');
  });

  test('the stream ends with the token', async () => {
    nowMs = 0;
    const { until } = await openStream(await startConsole(options), { authorization: 'Bearer reader' });
    await until(/head/);
    nowMs = 10;
    samples.add(1_000, [1, 1]);
    expect(await until(/event: error/)).toContain('CREDENTIALS_INVALID');
  });
});
