/**
 * Authentication and authorization: every operation without a token, with an invalid or expired one, and
 * without its scope, over both transports of a whole service, with the keys in a file and on a server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, type CryptoKey, exportSPKI, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type CallerHeaders,
  type Client,
  type Operation,
  operations as operationTable,
  type Request,
} from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { useDatabase } from '../support/database.ts';
import { grpcClient } from '../support/grpc-client.ts';
import {
  AUDIENCE,
  createIssuer,
  ISSUER,
  type Issuer,
  type KeyServer,
  serveKeys,
  writeKeys,
} from '../support/issuer.ts';
import { restClient } from '../support/rest-client.ts';
import { startService, type TestService } from '../support/service.ts';
import { WatchError, watchEvents } from '../support/watch.ts';

const operations = Object.entries(operationTable).map(
  ([name, { example, scope, answer }]) => [name as Operation, example as Request, scope, answer] as const,
);

const scopes = ['orders:read', 'orders:write', 'stock:read', 'stock:write', 'events:read'];

const database = useDatabase();
let dir: string;
let issuer: Issuer;
let keyServer: KeyServer;
let services: Record<'a file' | 'a server', TestService>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-security-'));
  issuer = await createIssuer();
  await writeKeys(issuer, join(dir, 'jwks.json'));
  keyServer = await serveKeys(issuer);
  const settings = { AUTH: 'jwt', AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, READ_LANES: '1' };
  const [byFile, byServer] = await Promise.all([
    startService(database, { ...settings, AUTH_JWKS: join(dir, 'jwks.json') }),
    startService(database, { ...settings, AUTH_JWKS: keyServer.url }),
  ]);
  services = { 'a file': byFile, 'a server': byServer };
});

afterAll(async () => {
  await Promise.all(Object.values(services ?? {}).map((service) => service.stop()));
  await keyServer?.close();
  await rm(dir, { recursive: true, force: true });
});

const past = Math.floor(Date.now() / 1_000) - 60;

/** Headers of callers that are refused, and what every operation answers to them. */
const refusedCallers: [
  who: string,
  headers: () => Promise<CallerHeaders>,
  code: bigint,
  http: number,
  reason: string,
][] = [
  ['no token', async () => ({}), 16n, 401, 'CREDENTIALS_MISSING'],
  ['no bearer token', async () => ({ authorization: 'Basic YTpi' }), 16n, 401, 'CREDENTIALS_INVALID'],
  ['no JWT', async () => ({ authorization: 'Bearer secret' }), 16n, 401, 'CREDENTIALS_INVALID'],
  ['an expired token', () => signed({ exp: past }), 16n, 401, 'CREDENTIALS_INVALID'],
  ['a token of another issuer', () => signed({ iss: 'https://b.test' }), 16n, 401, 'CREDENTIALS_INVALID'],
  ['a token for another audience', () => signed({ aud: 'b' }), 16n, 401, 'CREDENTIALS_INVALID'],
  ["a token signed by another issuer's key", forged, 16n, 401, 'CREDENTIALS_INVALID'],
  ['an unsigned token', unsigned, 16n, 401, 'CREDENTIALS_INVALID'],
  ['the public key as a shared secret', confused, 16n, 401, 'CREDENTIALS_INVALID'],
  ['a token without scopes', () => signed({ scope: undefined }), 7n, 403, 'SCOPE_MISSING'],
];

/** An invalid value in place of a valid one: numbers of a request are above 0, lists are not empty. */
function emptyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  // An empty page token is that of the first page.
  if (value === '') return 'none';
  return typeof value === 'bigint' ? 0n : 0;
}

async function signed(claims: Record<string, unknown>, kid?: string): Promise<CallerHeaders> {
  return { authorization: `Bearer ${await issuer.sign(claims, kid)}` };
}

async function forged(): Promise<CallerHeaders> {
  return { authorization: `Bearer ${await (await createIssuer()).sign()}` };
}

const everything = () => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'mallory',
  exp: past + 600,
  scope: scopes.join(' '),
});

async function unsigned(): Promise<CallerHeaders> {
  const part = (value: object) => base64url.encode(JSON.stringify(value));
  return { authorization: `Bearer ${part({ alg: 'none' })}.${part(everything())}.` };
}

async function confused(): Promise<CallerHeaders> {
  const [jwk = {}] = issuer.jwks().keys;
  const secret = new TextEncoder().encode(await exportSPKI((await importJWK(jwk, 'ES256')) as CryptoKey));
  const header = { alg: 'HS256', kid: jwk.kid ?? '' };
  return {
    authorization: `Bearer ${await new SignJWT(everything()).setProtectedHeader(header).sign(secret)}`,
  };
}

describe.each(['a file', 'a server'] as const)('with the keys in %s', (keys) => {
  describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
    async function callWith(headers: CallerHeaders, ...call: Parameters<Client['call']>): Promise<Answer> {
      const { app } = services[keys];
      const client =
        transport === 'rest' ? restClient(app.httpPort, headers) : grpcClient(app.grpcPort, headers);
      try {
        return await client.call(...call);
      } finally {
        client.close();
      }
    }

    const refusal = (code: bigint, http: number, reason: string, metadata: object) => ({
      error: {
        code,
        message: expect.any(String),
        details: [{ '@type': expect.stringContaining('ErrorInfo'), reason, domain: 'loms', metadata }],
      },
      ...(transport === 'rest' ? { http } : {}),
    });

    test('a token of an unknown key gets 401 after a reading of the keys, and 503 in the pause', async () => {
      const answers = [];
      for (let i = 0; i < 2; i++)
        answers.push(await callWith(await signed({}, 'unknown'), 'getStock', { sku: 1 }));
      // Over the second transport the pause of the first one's reading is on.
      if (transport === 'rest') expect(answers[0]).toEqual(refusal(16n, 401, 'CREDENTIALS_INVALID', {}));
      expect(answers[1]).toMatchObject({
        error: { code: 14n, details: [{ reason: 'KEYS_UNAVAILABLE' }, { retryDelay: '1s' }] },
        ...(transport === 'rest' ? { http: 503 } : {}),
      });
    });

    describe.each(operations)('%s', (operation, request, scope, expected) => {
      test.each(refusedCallers)('with %s is refused', async (_who, headers, code, http, reason) => {
        const metadata = reason === 'SCOPE_MISSING' ? { scope } : {};
        const answer = await callWith(await headers(), operation, request);
        expect(answer).toEqual(refusal(code, http, reason, metadata));
      });

      test('with every scope but its own is refused, and the scope is named', async () => {
        const others = scopes.filter((other) => other !== scope).join(' ');
        const answer = await callWith(await signed({ scope: others }), operation, request);
        expect(answer).toEqual(refusal(7n, 403, 'SCOPE_MISSING', { scope }));
      });

      test('with only its own scope is admitted', async () => {
        const answer = await callWith(await signed({ scope }), operation, request);
        expect(answer).toMatchObject(expected);
      });

      test('checks the caller before the request', async () => {
        const fields = Object.entries(request).map(([name, value]) => [name, emptyOf(value)]);
        const bad: Request = Object.fromEntries(fields);
        expect(await callWith({}, operation, bad)).toMatchObject({ error: { code: 16n } });
        expect(await callWith(await signed({}), operation, bad)).toMatchObject({ error: { code: 3n } });
      });
    });
  });
});

describe.each(['REST', 'gRPC'] as const)('the stream of events over %s', (transport) => {
  const scope = 'events:read';

  async function open(headers: CallerHeaders) {
    const { httpPort, grpcPort } = services['a file'].app;
    for await (const page of watchEvents(transport, transport === 'REST' ? httpPort : grpcPort, {}, headers))
      return page;
    throw new Error('the stream has no page');
  }

  /** The refusal of a stream that is not opened. */
  async function refusalOf(headers: CallerHeaders) {
    const error = await open(headers).catch((thrown: unknown) => thrown);
    if (!(error instanceof WatchError)) throw new Error('not refused', { cause: error });
    const { code, details } = error.failure;
    const [{ reason, metadata } = {}] = details;
    return { code, reason, metadata };
  }

  test.each(refusedCallers)('with %s is refused', async (_who, headers, code, _http, reason) => {
    const metadata = reason === 'SCOPE_MISSING' ? { scope } : {};
    expect(await refusalOf(await headers())).toEqual({ code, reason, metadata });
  });

  test('with every scope but its own is refused, and with only its own is admitted', async () => {
    const others = scopes.filter((other) => other !== scope).join(' ');
    const refusal = { code: 7n, reason: 'SCOPE_MISSING', metadata: { scope } };
    expect(await refusalOf(await signed({ scope: others }))).toEqual(refusal);
    expect(await open(await signed({ scope }))).toMatchObject({ events: [] });
  });

  test('ends with the token that opened it', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 2;
    const { httpPort, grpcPort } = services['a file'].app;
    const port = transport === 'REST' ? httpPort : grpcPort;
    const read = async () => {
      for await (const { events } of watchEvents(transport, port, {}, await signed({ scope, exp })))
        expect(events).toEqual([]);
    };
    await expect(read()).rejects.toMatchObject({ reason: 'CREDENTIALS_INVALID' });
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000);
  });
});

test('while the key server hangs, callers are answered by their deadline', async () => {
  const silent = await serveKeys(issuer);
  silent.status = 500;
  const settings = { AUTH_JWKS: silent.url, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
  const { app, stop } = await startService(database, settings);
  silent.hangs = true;
  const headers = await signed({});
  const clients = openClients({ REST: app.httpPort, gRPC: app.grpcPort }, headers);
  const read = async (client: Client) => {
    const answer = await client.call('getStock', { sku: 1625903 }, { timeoutMs: 300 });
    return JSON.stringify(answer, (_key, value) => (typeof value === 'bigint' ? Number(value) : value));
  };
  const answers = async () => (await Promise.all(clients.map(read))).join();
  // For a moment after the start the key server is not queried again.
  await expect.poll(answers, { timeout: 5_000 }).toMatch(/DEADLINE_EXCEEDED.*DEADLINE_EXCEEDED/);
  await stop();
  await silent.close();
});

describe('over REST', () => {
  const get = async (path: string, headers: CallerHeaders = {}) =>
    fetch(`http://127.0.0.1:${services['a file'].app.httpPort}${path}`, { headers });

  test('a refusal shows how to authenticate, and not what was wrong', async () => {
    const challenge = async (headers: CallerHeaders) =>
      (await get('/stock/info/1', headers)).headers.get('www-authenticate');
    expect(await challenge({})).toBe('Bearer');
    expect(await challenge(await signed({ exp: past }))).toBe('Bearer error="invalid_token"');
    expect(await challenge(await signed({ scope: 'a' }))).toBe(
      'Bearer error="insufficient_scope", scope="stock:read"',
    );
  });

  test('the probes are open, and show the nodes only to authenticated callers', async () => {
    expect((await get('/livez')).status).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer x' }]) {
      expect(await (await get('/readyz', headers)).json()).toEqual({
        ready: true,
        details: { writable: true, keys: { usable: true, readable: true, ageMs: expect.any(Number) } },
      });
    }
    expect(await (await get('/readyz', await signed({}))).json()).toMatchObject({
      details: { nodes: [{ role: 'primary' }, { role: 'replica' }] },
    });
  });

  test('the OpenAPI document names the scope of each operation', async () => {
    const { paths, components } = (await (await get('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { operationId: string; security?: unknown; responses: object }>>;
      components: { securitySchemes: object };
    };
    expect(components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
    const described = Object.values(paths).flatMap((path) => Object.values(path));
    for (const [operationId, , scope] of operations) {
      const operation = described.find((each) => each.operationId === operationId);
      expect(operation?.security).toEqual([{ bearer: [scope] }]);
      expect(operation?.responses).toMatchObject({
        401: {
          content: { 'application/json': { examples: { CREDENTIALS_MISSING: {}, CREDENTIALS_INVALID: {} } } },
        },
        403: { content: { 'application/json': { examples: { SCOPE_MISSING: { value: { code: 7 } } } } } },
        503: { content: { 'application/json': { examples: { KEYS_UNAVAILABLE: {}, SHUTTING_DOWN: {} } } } },
      });
    }
    expect(described.find((each) => each.operationId === 'readyz')?.security).toEqual([]);
  });
});
