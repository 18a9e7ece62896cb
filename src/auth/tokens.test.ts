/** Validation of tokens with real keys and signatures, and the cache of valid tokens. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, type CryptoKey, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AUDIENCE,
  type Claims,
  createIssuer,
  ISSUER,
  type Issuer,
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

/** Both clocks of the check: durations, and the time that `exp` is compared with. */
const now = () => nowMs;

const open = async (more: Partial<TokenOptions> = {}) => (await openAll(more)).authenticate;
const openAll = (more: Partial<TokenOptions> = {}) =>
  openTokens({
    ...{ jwks, jwksMaxAgeMs: 3_600_000, issuer: ISSUER, audience: AUDIENCE },
    ...{ logger: quiet, now, wallClock: now, setTimer: () => () => {} },
    ...more,
  });

beforeEach(async () => {
  nowMs = Date.now();
  dir = await mkdtemp(join(tmpdir(), 'loms-tokens-'));
  jwks = join(dir, 'jwks.json');
  issuer = await createIssuer(now);
  await writeKeys(issuer, jwks);
  authenticate = await open();
});

afterEach(() => rm(dir, { recursive: true }));

/** The caller of a valid token, or the reason why it is refused. */
const verify = async (token: string, check = authenticate) => resultOf(await check(`Bearer ${token}`));

function resultOf(outcome: Outcome<Identity>): string {
  return outcome.ok ? outcome.value.name : outcome.refusal.reason;
}

const seconds = (fromNow: number) => Math.floor(nowMs / 1_000) + fromNow;

describe('a token', () => {
  test('yields its caller and scopes', async () => {
    const outcome = await authenticate(`Bearer ${await issuer.sign({ scope: 'orders:read stock:read' })}`);
    expect(outcome).toEqual({
      ok: true,
      value: { name: 'alice', scopes: new Set(['orders:read', 'stock:read']), endMs: expect.any(Number) },
    });
  });

  test.each([
    ['a list of scopes in scp', { scope: undefined, scp: ['orders:read', 7] }, ['orders:read']],
    ['no scope', { scope: undefined }, []],
    ['a scope that is not a string', { scope: 7 }, []],
  ])('with %s is valid', async (_what, claims, scopes) => {
    const outcome = await authenticate(`Bearer ${await issuer.sign(claims)}`);
    expect(outcome).toEqual({
      ok: true,
      value: { name: 'alice', scopes: new Set(scopes), endMs: expect.any(Number) },
    });
  });

  test.each<[string, () => Claims]>([
    ['of another issuer', () => ({ iss: 'https://other.test' })],
    ['for another audience', () => ({ aud: 'warehouse' })],
    ['without an issuer', () => ({ iss: undefined })],
    ['without an audience', () => ({ aud: undefined })],
    ['without an expiry', () => ({ exp: undefined })],
    ['without a subject', () => ({ sub: undefined })],
    ['with an empty subject', () => ({ sub: '' })],
    ['with a subject that is not a string', () => ({ sub: 7 })],
    ['with a subject that PostgreSQL cannot store', () => ({ sub: 'a\u0000b' })],
    ['with a subject that is too long', () => ({ sub: 'a'.repeat(256) })],
    ['that has expired', () => ({ exp: seconds(-6) })],
    ['that is not valid yet', () => ({ nbf: seconds(30) })],
  ])('%s is refused', async (_what, claims) => {
    expect(await verify(await issuer.sign(claims()))).toBe('CREDENTIALS_INVALID');
  });

  test('is valid with several audiences, and within the clock tolerance after its expiry', async () => {
    expect(await verify(await issuer.sign({ aud: ['warehouse', AUDIENCE] }))).toBe('alice');
    expect(await verify(await issuer.sign({ exp: seconds(-3) }))).toBe('alice');
  });

  test.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('is valid when it is signed with %s', async (algorithm) => {
    const other = await createIssuer(now, algorithm);
    await writeKeys(other, jwks);
    expect(await verify(await other.sign(), await open())).toBe('alice');
  });
});

describe('a forged token', () => {
  const payload = () => ({ iss: ISSUER, aud: AUDIENCE, sub: 'mallory', exp: seconds(60) });

  test('without a signature is refused', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    for (const alg of ['none', 'None', 'NONE']) {
      expect(await verify(`${part({ alg })}.${part(payload())}.`)).toBe('CREDENTIALS_INVALID');
    }
  });

  test('signed with the public key as an HMAC secret is refused', async () => {
    const [jwk] = issuer.jwks().keys;
    const secrets = [
      new TextEncoder().encode(JSON.stringify(jwk)),
      new TextEncoder().encode(await exportSPKI((await importJWK(jwk ?? {}, 'ES256')) as CryptoKey)),
    ];
    for (const secret of secrets) {
      const header = { alg: 'HS256', kid: jwk?.kid ?? '' };
      const token = await new SignJWT(payload()).setProtectedHeader(header).sign(secret);
      expect(await verify(token)).toBe('CREDENTIALS_INVALID');
    }
  });

  test('signed with a shared secret is refused, even when the key set holds that secret', async () => {
    const secret = new Uint8Array(32).fill(7);
    const key = { kty: 'oct', k: base64url.encode(secret), kid: 'shared', alg: 'HS256' };
    await writeFile(jwks, JSON.stringify({ keys: [key] }));
    const header = { alg: 'HS256', kid: 'shared' };
    const token = await new SignJWT(payload()).setProtectedHeader(header).sign(secret);
    expect(await verify(token, await open())).not.toBe('mallory');
  });

  test('signed by another key under a known key id, or changed after signing, is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', kid: 'key-1' };
    const forged = await new SignJWT(payload()).setProtectedHeader(header).sign(privateKey);
    expect(await verify(forged)).toBe('CREDENTIALS_INVALID');
    const [head, , signature] = (await issuer.sign()).split('.');
    const changed = base64url.encode(JSON.stringify({ ...payload(), scope: 'orders:write' }));
    expect(await verify(`${head}.${changed}.${signature}`)).toBe('CREDENTIALS_INVALID');
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
  ])('that is malformed is refused: %j', async (authorization) => {
    expect(resultOf(await authenticate(authorization))).toBe('CREDENTIALS_INVALID');
  });

  test('that is longer than the maximum is refused', async () => {
    expect(await verify(await issuer.sign({ filler: 'x'.repeat(8_000) }))).toBe('CREDENTIALS_INVALID');
  });
});

test('missing credentials are refused with a reason of their own', async () => {
  expect(resultOf(await authenticate(undefined))).toBe('CREDENTIALS_MISSING');
});

describe('a valid token', () => {
  /** Whether it is accepted from the cache, without a check of its signature. */
  const isCached = (token: string) => !(authenticate(`Bearer ${token}`) instanceof Promise);

  test('is accepted from the cache until it expires, and not a millisecond longer', async () => {
    const exp = seconds(20);
    const endMs = (exp + 5) * 1_000;
    const token = await issuer.sign({ exp });
    expect(await verify(token)).toBe('alice');
    expect(isCached(token)).toBe(true);
    nowMs = endMs - 1;
    expect(isCached(token)).toBe(true);
    nowMs = endMs;
    expect(isCached(token)).toBe(false);
    expect(await verify(token)).toBe('CREDENTIALS_INVALID');
  });

  test('is verified again after a minute', async () => {
    const token = await issuer.sign({ exp: seconds(3_600) });
    await verify(token);
    nowMs += 59_999;
    expect(isCached(token)).toBe(true);
    nowMs += 1;
    const again = authenticate(`Bearer ${token}`);
    expect(again).toBeInstanceOf(Promise);
    expect(resultOf(await again)).toBe('alice');
  });

  test('leaves the cache by durations, and ends by the wall clock, whatever that does', async () => {
    let wallMs = nowMs;
    authenticate = await open({ wallClock: () => wallMs });
    const token = await issuer.sign({ exp: seconds(30) });
    await verify(token);
    wallMs += 36_000;
    expect(await verify(token)).toBe('CREDENTIALS_INVALID');
    wallMs -= 3_600_000;
    nowMs += 59_999;
    expect(isCached(token)).toBe(true);
    nowMs += 1;
    expect(isCached(token)).toBe(false);
  });

  test('is verified again after a minute even when it is used all the time', async () => {
    const token = await issuer.sign({ exp: seconds(3_600) });
    await verify(token);
    for (let second = 1; second < 60; second++) {
      nowMs += 1_000;
      expect(isCached(token)).toBe(true);
    }
    nowMs += 1_000;
    expect(isCached(token)).toBe(false);
  });

  test('is not cached beyond its expiry when it is verified in its last millisecond', async () => {
    const exp = seconds(20);
    const token = await issuer.sign({ exp });
    nowMs = (exp + 5) * 1_000 - 1;
    expect(await verify(token)).toBe('alice');
    nowMs += 1;
    expect(await verify(token)).toBe('CREDENTIALS_INVALID');
  });

  test('is evicted from the full cache when it is the least recently used one', async () => {
    authenticate = await open({ cacheEntriesMax: 2 });
    const first = await issuer.sign({ sub: 'first' });
    const second = await issuer.sign({ sub: 'second' });
    const third = await issuer.sign({ sub: 'third' });
    expect([await verify(first), await verify(second)]).toEqual(['first', 'second']);
    expect(isCached(first)).toBe(true);
    expect(await verify(third)).toBe('third');
    expect([isCached(first), isCached(second), isCached(third)]).toEqual([true, false, true]);
  });
});
