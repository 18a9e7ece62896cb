/** TLS and mutual TLS of both servers, and the renewal of certificates while they run. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Loms } from '../../src/domain/operations.ts';
import { StockServiceService } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { type GrpcServer, startGrpcServer } from '../../src/transport/grpc/server.ts';
import { type HttpServer, startHttpServer } from '../../src/transport/http/server.ts';
import { Certificates } from '../../src/transport/tls.ts';
import { type Authority, createAuthority, type Pair } from '../support/certificates.ts';
import { testApp } from '../support/http-app.ts';
import { MemoryLoms } from '../support/memory-loms.ts';
import { quiet, quietRequests } from '../support/quiet.ts';

const TIMEOUT_MS = 5_000;

let dir: string;
let authority: Authority;
let other: Authority;
let server: Pair;
let client: Pair;
let foreign: Pair;
let running: { certificates: Certificates; http: HttpServer; grpc: GrpcServer } | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-tls-'));
  [authority, other] = [createAuthority('ours'), createAuthority('another')];
  [server, client, foreign] = [authority.sign('loms'), authority.sign('shop'), other.sign('shop')];
  await writeFile(join(dir, 'ca.pem'), authority.cert);
});

afterEach(async () => {
  await Promise.all([running?.http.stop(1_000), running?.grpc.stop(1_000)]);
  running = undefined;
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(pair: Pair): Promise<void> {
  await writeFile(join(dir, 'cert.pem'), pair.cert);
  await writeFile(join(dir, 'key.pem'), pair.key);
}

async function start(mutual: boolean, handshakeMs?: number) {
  await write(server);
  const clientCa = mutual ? join(dir, 'ca.pem') : undefined;
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), clientCa };
  const certificates = await Certificates.open(files, quiet, handshakeMs ? { handshakeMs } : {});
  const place = { host: '127.0.0.1', port: 0, logger: quiet, certificates };
  const http = await startHttpServer(testApp(), place);
  const loms = new MemoryLoms() as Partial<Loms> as Loms;
  const times = { deadlines: new Deadlines(), requestTimeoutMs: TIMEOUT_MS };
  const common = { loms, metrics: new Metrics(), requestLog: quietRequests, ...times };
  const grpc = await startGrpcServer({ ...place, ...common });
  running = { certificates, http, grpc };
  return running;
}

interface Trust {
  readonly ca: string;
  readonly pair?: Pair | undefined;
}

/** Reads a stock. Resolves to 'OK', or to 'refused' when the connection failed. */
type ReadStock = (trust: Trust) => Promise<string>;

const byRest: ReadStock = ({ ca, pair }) =>
  new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port: running?.http.port,
      path: '/stock/info/1625903',
      ca,
      agent: false,
    };
    const outgoing = request({ ...options, ...pair }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 'OK' : String(response.statusCode));
    });
    outgoing.on('error', () => resolve('refused'));
    outgoing.end();
  });

const byGrpc: ReadStock = ({ ca, pair }) =>
  new Promise((resolve) => {
    const pem = (text?: string) => (text === undefined ? null : Buffer.from(text));
    const secure = credentials.createSsl(pem(ca), pem(pair?.key), pem(pair?.cert));
    const channel = new Client(`127.0.0.1:${running?.grpc.port}`, secure);
    const { path, requestSerialize, responseDeserialize } = StockServiceService.getStock;
    const deadline = Date.now() + TIMEOUT_MS;
    channel.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { sku: 1625903 },
      { deadline },
      (error) => {
        channel.close();
        // 14: there was no connection.
        resolve(error === null ? 'OK' : error.code === 14 ? 'refused' : error.message);
      },
    );
  });

/** Suites of TLS 1.2 for the certificate's key: the first two are good. */
const TLS12_CIPHERS = [
  ...['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA', 'AES256-SHA256'],
  ...['ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
];

/** The suite of a TLS 1.2 connection that offers only this one; null where the server rejects it. */
function cipherAgreed(port: number, ciphers: string): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, ca: authority.cert, ciphers, maxVersion: 'TLSv1.2' as const };
    const socket = tls.connect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
      resolve(socket.getCipher().name);
      socket.destroy();
    });
    socket.on('error', () => resolve(null));
  });
}

const alpn = { REST: 'http/1.1', gRPC: 'h2' };
const ports = { REST: () => running?.http.port ?? 0, gRPC: () => running?.grpc.port ?? 0 };

describe.each([
  ['REST', byRest],
  ['gRPC', byGrpc],
] as const)('%s', (transport, read) => {
  test('under TLS serves callers that trust its certificate', async () => {
    await start(false);
    expect(await read({ ca: authority.cert })).toBe('OK');
    expect(await read({ ca: other.cert })).toBe('refused');
  });

  test('under mutual TLS serves only callers with a certificate of the authority', async () => {
    await start(true);
    expect(await read({ ca: authority.cert })).toBe('refused');
    expect(await read({ ca: authority.cert, pair: foreign })).toBe('refused');
    expect(await read({ ca: authority.cert, pair: client })).toBe('OK');
  });

  test.each([false, true])('uses a renewed certificate without a restart (mutual: %s)', async (mutual) => {
    const { certificates } = await start(mutual);
    const pair = mutual ? client : undefined;
    await write(other.sign('loms'));
    await certificates.renew();
    expect(await read({ ca: other.cert, pair })).toBe('OK');
    expect(await read({ ca: authority.cert, pair })).toBe('refused');
    if (mutual) expect(await read({ ca: other.cert, pair: foreign })).toBe('refused');
  });

  test('keeps its certificate while the new one is incomplete', async () => {
    const { certificates } = await start(false);
    await writeFile(join(dir, 'cert.pem'), other.sign('loms').cert);
    await certificates.renew();
    expect(await read({ ca: authority.cert })).toBe('OK');
    await rm(join(dir, 'cert.pem'));
    await certificates.renew();
    expect(await read({ ca: authority.cert })).toBe('OK');
  });

  test('accepts TLS 1.2 and 1.3 and nothing older, whatever the defaults of Node.js', async () => {
    const { DEFAULT_CIPHERS } = tls;
    onTestFinished(() => {
      tls.DEFAULT_CIPHERS = DEFAULT_CIPHERS;
    });
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    await start(false);
    const protocol = (version: tls.SecureVersion) =>
      new Promise<string | null>((resolve) => {
        const options = {
          host: '127.0.0.1',
          port: ports[transport](),
          ca: authority.cert,
          ALPNProtocols: [alpn[transport]],
        };
        const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
        const socket = tls.connect({ ...options, ...old }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect([await protocol('TLSv1.3'), await protocol('TLSv1.2')]).toEqual(['TLSv1.3', 'TLSv1.2']);
    expect([await protocol('TLSv1.1'), await protocol('TLSv1')]).toEqual([null, null]);
  });

  test('agrees on forward secrecy with authenticated encryption only, also after a renewal', async () => {
    const { certificates } = await start(false);
    const accepted = async () => {
      const suites = await Promise.all(
        TLS12_CIPHERS.map((cipher) => cipherAgreed(ports[transport](), cipher)),
      );
      return suites.filter((cipher) => cipher !== null);
    };
    const forwardSecret = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384'];
    expect(await accepted()).toEqual(forwardSecret);
    await write(authority.sign('loms'));
    await certificates.renew();
    expect(await accepted()).toEqual(forwardSecret);
  });

  test('closes a connection on which no TLS handshake begins', async () => {
    await start(true, 100);
    const silent = connect(ports[transport](), '127.0.0.1');
    silent.on('error', () => {}).resume();
    await once(silent, 'close');
    expect(await read({ ca: authority.cert, pair: client })).toBe('OK');
  });

  test('closes a connection without TLS, and stops in time despite a silent one', async () => {
    const { http, grpc } = await start(false);
    const plain = connect(ports[transport](), '127.0.0.1', () =>
      plain.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'),
    );
    plain.on('error', () => {});
    plain.resume();
    await once(plain, 'close');
    const silent = connect(ports[transport](), '127.0.0.1');
    silent.on('error', () => {});
    await once(silent, 'connect');
    const before = performance.now();
    await Promise.all([http.stop(20_000), grpc.stop(20_000)]);
    expect(performance.now() - before).toBeLessThan(10_000);
    silent.destroy();
  });
});

test('HTTPS sends Strict-Transport-Security, and answers bad HTTP like plain HTTP', async () => {
  await start(false);
  const socket = tls.connect({ host: '127.0.0.1', port: running?.http.port ?? 0, ca: authority.cert });
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\nthis is not http\r\n\r\n');
  await once(socket, 'close');
  expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*strict-transport-security: max-age=31536000\r\n/i);
  expect(received).toMatch(/HTTP\/1.1 400 Bad Request[\s\S]*INVALID_REQUEST/);
});

test('without TLS there is no Strict-Transport-Security', async () => {
  expect((await testApp().request('/docs')).headers.has('strict-transport-security')).toBe(false);
});

test('the end of a certificate is logged 30 and 7 days before, and when it has come', async () => {
  await write(server);
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const endMs = Date.parse(new X509Certificate(server.cert).validTo);
  const dayMs = 24 * 60 * 60_000;
  let nowMs = endMs - 31 * dayMs;
  const lines: { level: number; days?: number }[] = [];
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line)) });
  const certificates = await Certificates.open({ cert, key }, logger, { wallClock: () => nowMs });
  expect(lines).toEqual([]);
  for (const days of [30, 29, 7, 6, 0, -1]) {
    nowMs = endMs - days * dayMs;
    await certificates.renew();
  }
  expect(lines).toMatchObject([
    { level: 40, days: 30, msg: 'the TLS certificate ends soon', end: new Date(endMs).toISOString() },
    { level: 40, days: 7, msg: 'the TLS certificate ends soon' },
    { level: 50, msg: 'the TLS certificate has ended: clients reject it' },
  ]);
  // A start with it warns at once.
  await Certificates.open({ cert, key }, logger, { wallClock: () => nowMs });
  expect(lines).toHaveLength(4);
});

test('files that cannot be read or do not match are named', async () => {
  await write({ cert: server.cert, key: client.key });
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const open = (files: { cert: string; key: string; clientCa?: string }) => Certificates.open(files, quiet);
  await expect(open({ cert: join(dir, 'none'), key })).rejects.toThrow(
    /^TLS_CERT_FILE cannot be read: ENOENT/,
  );
  await expect(open({ cert, key: join(dir, 'none') })).rejects.toThrow(/^TLS_KEY_FILE cannot be read/);
  await expect(open({ cert, key, clientCa: dir })).rejects.toThrow(/^TLS_CLIENT_CA_FILE cannot be read/);
  await expect(open({ cert, key })).rejects.toThrow(
    /^TLS_CERT_FILE and TLS_KEY_FILE are not a certificate and its/,
  );
});

test.each<[string, () => string]>([
  ['the key', () => server.key],
  ['parameters', () => '-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n'],
])('the file of the certificate may hold %s too, at start and at a renewal', async (_title, text) => {
  const { certificates } = await start(false);
  const { endMs } = certificates;
  await writeFile(join(dir, 'cert.pem'), text() + server.cert);
  await certificates.renew();
  expect(certificates.current.cert.toString()).toBe(text() + server.cert);
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const started = await Certificates.open(files, quiet);
  expect([certificates.endMs, started.endMs]).toEqual([endMs, endMs]);
  expect(await byRest({ ca: authority.cert })).toBe('OK');
});

describe('authorities for clients', () => {
  const broken: [string, () => string][] = [
    ['an empty file', () => ''],
    ['garbage', () => 'garbage'],
    ['a truncated certificate', () => authority.cert.slice(0, authority.cert.length / 2)],
    ['one certificate and half another', () => authority.cert + other.cert.slice(0, 200)],
    ['half a certificate and a whole one', () => other.cert.slice(0, 200) + authority.cert],
    ['a certificate without its middle', () => authority.cert.split('\n').toSpliced(3, 4).join('\n')],
    ['a key', () => server.key],
  ];

  test.each(broken)('%s: no start and no renewal', async (_title, text) => {
    const { certificates } = await start(true);
    onTestFinished(() => writeFile(join(dir, 'ca.pem'), authority.cert));
    await writeFile(join(dir, 'ca.pem'), text());
    await certificates.renew();
    expect(certificates.current.ca?.toString()).toBe(authority.cert);
    const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), clientCa: join(dir, 'ca.pem') };
    await expect(Certificates.open(files, quiet)).rejects.toThrow(/^TLS_CLIENT_CA_FILE holds/);
  });

  test('several, with text between them', async () => {
    const { certificates } = await start(true);
    onTestFinished(() => writeFile(join(dir, 'ca.pem'), authority.cert));
    await writeFile(join(dir, 'ca.pem'), `ours - and yours:\n${authority.cert}\nyours:\n${other.cert}`);
    await certificates.renew();
    expect([
      await byRest({ ca: authority.cert, pair: foreign }),
      await byGrpc({ ca: authority.cert, pair: client }),
    ]).toEqual(['OK', 'OK']);
  });
});
