/** Which tokens are valid, with real keys and signatures, and how long and how many of them are cached. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, type CryptoKey, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AUDIENCE,
  type Claims,
  createIssuer,
  ISSUER,
  type Issuer,
  serveKeys,
  writeKeys,
} from '../../test/support/issuer.ts';
import { quiet } from '../../test/support/quiet.ts';
import type { Authenticate, Identity } from '../domain/access.ts';
import type { Outcome } from '../domain/outcome.ts';
import { openTokens, type TokenOptions } from './tokens.ts';

let nowMs: number;
let dir: string;
let jwks: string;
let issuer: Issuer;
let authenticate: Authenticate;

const now = () => nowMs;

const open = (more: Partial<TokenOptions> = {}) =>
  openTokens({ jwks, issuer: ISSUER, audience: AUDIENCE, logger: quiet, now, ...more });

beforeEach(async () => {
  nowMs = Date.now();
  dir = await mkdtemp(join(tmpdir(), 'loms-tokens-'));
  jwks = join(dir, 'jwks.json');
  issuer = await createIssuer(now);
  await writeKeys(issuer, jwks);
  authenticate = await open();
});

afterEach(() => rm(dir, { recursive: true }));

const ask = async (token: string, check = authenticate) => said(await check(`Bearer ${token}`));

function said(outcome: Outcome<Identity>): string {
  return outcome.ok ? outcome.value.name : outcome.refusal.reason;
}

const seconds = (fromNow: number) => Math.floor(nowMs / 1_000) + fromNow;

describe('a token', () => {
  test('names its caller and what the caller may do', async () => {
    const outcome = await authenticate(`Bearer ${await issuer.sign({ scope: 'orders:read stock:read' })}`);
    expect(outcome).toEqual({
      ok: true,
      value: { name: 'alice', scopes: new Set(['orders:read', 'stock:read']) },
    });
  });

  test.each([
    ['a list of scopes under scp', { scope: undefined, scp: ['orders:read', 7] }, ['orders:read']],
    ['no scope at all', { scope: undefined }, []],
    ['a scope that is no text', { scope: 7 }, []],
  ])('with %s', async (_what, claims, scopes) => {
    const outcome = await authenticate(`Bearer ${await issuer.sign(claims)}`);
    expect(outcome).toEqual({ ok: true, value: { name: 'alice', scopes: new Set(scopes) } });
  });

  test.each<[string, () => Claims]>([
    ['of another issuer', () => ({ iss: 'https://other.test' })],
    ['for another audience', () => ({ aud: 'warehouse' })],
    ['without an issuer', () => ({ iss: undefined })],
    ['without an audience', () => ({ aud: undefined })],
    ['without an end', () => ({ exp: undefined })],
    ['without a caller', () => ({ sub: undefined })],
    ['whose caller is empty', () => ({ sub: '' })],
    ['whose caller is no text', () => ({ sub: 7 })],
    ['whose caller no text of a database can hold', () => ({ sub: 'a\u0000b' })],
    ['whose caller has an endless name', () => ({ sub: 'a'.repeat(256) })],
    ['that has ended', () => ({ exp: seconds(-6) })],
    ['that has not begun', () => ({ nbf: seconds(30) })],
  ])('%s is refused', async (_what, claims) => {
    expect(await ask(await issuer.sign(claims()))).toBe('CREDENTIALS_INVALID');
  });

  test('is for several audiences, and clocks may differ a little', async () => {
    expect(await ask(await issuer.sign({ aud: ['warehouse', AUDIENCE] }))).toBe('alice');
    expect(await ask(await issuer.sign({ exp: seconds(-3) }))).toBe('alice');
  });

  test.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('may be signed by %s', async (algorithm) => {
    const other = await createIssuer(now, algorithm);
    await writeKeys(other, jwks);
    expect(await ask(await other.sign(), await open())).toBe('alice');
  });
});

describe('a forged token', () => {
  const payload = () => ({ iss: ISSUER, aud: AUDIENCE, sub: 'mallory', exp: seconds(60) });

  test('without a signature is refused', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    for (const alg of ['none', 'None', 'NONE']) {
      expect(await ask(`${part({ alg })}.${part(payload())}.`)).toBe('CREDENTIALS_INVALID');
    }
  });

  test('signed with the public key as if it were a shared secret is refused', async () => {
    const [jwk] = issuer.jwks().keys;
    const secrets = [
      new TextEncoder().encode(JSON.stringify(jwk)),
      new TextEncoder().encode(await exportSPKI((await importJWK(jwk ?? {}, 'ES256')) as CryptoKey)),
    ];
    for (const secret of secrets) {
      const header = { alg: 'HS256', kid: jwk?.kid ?? '' };
      const token = await new SignJWT(payload()).setProtectedHeader(header).sign(secret);
      expect(await ask(token)).toBe('CREDENTIALS_INVALID');
    }
  });

  test('signed by a shared secret is refused, although the key set holds that secret', async () => {
    const secret = new Uint8Array(32).fill(7);
    const key = { kty: 'oct', k: base64url.encode(secret), kid: 'shared', alg: 'HS256' };
    await writeFile(jwks, JSON.stringify({ keys: [key] }));
    const header = { alg: 'HS256', kid: 'shared' };
    const token = await new SignJWT(payload()).setProtectedHeader(header).sign(secret);
    expect(await ask(token, await open())).not.toBe('mallory');
  });

  test('signed by another key under a known name, or changed after it was signed, is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', kid: 'key-1' };
    const forged = await new SignJWT(payload()).setProtectedHeader(header).sign(privateKey);
    expect(await ask(forged)).toBe('CREDENTIALS_INVALID');
    const [head, , signature] = (await issuer.sign()).split('.');
    const changed = base64url.encode(JSON.stringify({ ...payload(), scope: 'orders:write' }));
    expect(await ask(`${head}.${changed}.${signature}`)).toBe('CREDENTIALS_INVALID');
  });

  test.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Basic YTpi',
    'Bearer x',
    'Bearer ..',
    'a.b.c',
    'Bearer é.é.é',
  ])('that is none at all is refused: %j', async (authorization) => {
    expect(said(await authenticate(authorization))).toBe('CREDENTIALS_INVALID');
  });

  test('that is longer than any token is refused unread', async () => {
    expect(await ask(await issuer.sign({ filler: 'x'.repeat(8_000) }))).toBe('CREDENTIALS_INVALID');
  });
});

test('no credentials are told apart from bad ones', async () => {
  expect(said(await authenticate(undefined))).toBe('CREDENTIALS_MISSING');
});

describe('a valid token', () => {
  /** Whether it is accepted from the cache, without a check of its signature. */
  const isCached = (token: string) => !(authenticate(`Bearer ${token}`) instanceof Promise);

  test('is accepted from the cache the next time, until its end and not a millisecond longer', async () => {
    const exp = seconds(20);
    const endMs = (exp + 5) * 1_000;
    const token = await issuer.sign({ exp });
    expect(await ask(token)).toBe('alice');
    expect(isCached(token)).toBe(true);
    nowMs = endMs - 1;
    expect(isCached(token)).toBe(true);
    nowMs = endMs;
    expect(isCached(token)).toBe(false);
    expect(await ask(token)).toBe('CREDENTIALS_INVALID');
  });

  test('is checked again after a minute', async () => {
    const token = await issuer.sign({ exp: seconds(3_600) });
    await ask(token);
    nowMs += 59_999;
    expect(isCached(token)).toBe(true);
    nowMs += 1;
    const again = authenticate(`Bearer ${token}`);
    expect(again).toBeInstanceOf(Promise);
    expect(said(await again)).toBe('alice');
  });

  test('that is read from the cache again and again is still checked after a minute', async () => {
    const token = await issuer.sign({ exp: seconds(3_600) });
    await ask(token);
    for (let second = 1; second < 60; second++) {
      nowMs += 1_000;
      expect(isCached(token)).toBe(true);
    }
    nowMs += 1_000;
    expect(isCached(token)).toBe(false);
  });

  test('that was checked in its last millisecond is not cached past it', async () => {
    const exp = seconds(20);
    const token = await issuer.sign({ exp });
    nowMs = (exp + 5) * 1_000 - 1;
    expect(await ask(token)).toBe('alice');
    nowMs += 1;
    expect(await ask(token)).toBe('CREDENTIALS_INVALID');
  });

  test('is dropped from the full cache when it is the least recently used one', async () => {
    authenticate = await open({ cacheEntriesMax: 2 });
    const first = await issuer.sign({ sub: 'first' });
    const second = await issuer.sign({ sub: 'second' });
    const third = await issuer.sign({ sub: 'third' });
    expect([await ask(first), await ask(second)]).toEqual(['first', 'second']);
    expect(isCached(first)).toBe(true);
    expect(await ask(third)).toBe('third');
    expect([isCached(first), isCached(second), isCached(third)]).toEqual([true, false, true]);
  });
});

describe('keys', () => {
  test('that rotate are found, in a file and on a server, without a restart', async () => {
    const server = await serveKeys(issuer);
    const byUrl = await open({ jwks: server.url, keysCooldownMs: 0 });
    const byFile = await open({ keysCooldownMs: 0 });
    try {
      const before = await issuer.sign();
      expect([await ask(before, byUrl), await ask(before, byFile)]).toEqual(['alice', 'alice']);
      await issuer.rotate();
      await writeKeys(issuer, jwks);
      const after = await issuer.sign({ sub: 'bob' });
      expect([await ask(after, byUrl), await ask(after, byFile)]).toEqual(['bob', 'bob']);
      const withdrawn = await ask(await issuer.sign({ sub: 'carol' }, 'key-1'), byUrl);
      expect(withdrawn).toBe('CREDENTIALS_INVALID');
    } finally {
      await server.close();
    }
  });

  test('are not asked for again and again for the sake of a key that nobody has', async () => {
    const server = await serveKeys(issuer);
    const check = await open({ jwks: server.url });
    for (let i = 0; i < 20; i++)
      expect(await ask(await issuer.sign({}, `none-${i}`), check)).toBe('CREDENTIALS_INVALID');
    expect(server.asked).toBe(1);
    await server.close();
  });

  test('that cannot be had let nobody in, say so in the log, and are asked for again', async () => {
    const server = await serveKeys(issuer);
    server.status = 500;
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
    const check = await open({ jwks: server.url, logger });
    const token = await issuer.sign();
    for (let i = 0; i < 5; i++) expect(await ask(token, check)).toBe('KEYS_UNAVAILABLE');
    expect(server.asked).toBe(1);
    expect(lines.filter((line) => line.includes('credentials cannot be checked'))).toHaveLength(1);
    expect(lines.join()).toContain('answered 500');
    expect(lines.join()).not.toContain(token.split('.')[2]);
    server.status = 200;
    nowMs += 1_001;
    expect(await ask(token, check)).toBe('alice');
    await server.close();
    nowMs += 1_001;
    expect(await ask(token, check)).toBe('alice');
  });

  test('of a file that is not there end the start', async () => {
    await expect(open({ jwks: join(dir, 'none.json') })).rejects.toThrow('cannot be read');
  });

  test('that are no keys end the start', async () => {
    await writeFile(jwks, '{"keys": 1}');
    await expect(open()).rejects.toThrow('cannot be read');
  });
});
