/** The issuer's keys: rotation, outages of the issuer, unknown keys, and limits, with injected time. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AUDIENCE,
  createIssuer,
  ISSUER,
  type Issuer,
  type KeyServer,
  serveKeys,
  writeKeys,
} from '../../test/support/issuer.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { keyLimits } from './keys.ts';
import { REFUSED_LOG_INTERVAL_MS } from './refused-logins.ts';
import { CHECKS_MAX, openTokens, type TokenOptions, type Tokens, UNKNOWN_KEYS_MAX } from './tokens.ts';

const MAX_AGE_MS = 3_600_000;

let clock: ReturnType<typeof manualClock>;
let issuer: Issuer;
let server: KeyServer;
let lines: Record<string, unknown>[];

const messages = () => lines.map(({ msg }) => msg);
const advance = (ms: number) => clock.moveTo(clock.now() + ms);

beforeEach(async () => {
  clock = manualClock();
  issuer = await createIssuer();
  server = await serveKeys(issuer);
  lines = [];
});
afterEach(() => server.close());

function open(more: Partial<TokenOptions> = {}): Promise<Tokens> {
  const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const { now, setTimer } = clock;
  const who = { jwks: server.url, jwksMaxAgeMs: MAX_AGE_MS, issuer: ISSUER, audience: AUDIENCE };
  return openTokens({ ...who, logger, now, setTimer, wallClock: Date.now, ...more });
}

/** The caller of a token, or the reason why it is refused. */
async function verify({ authenticate }: Tokens, token: string): Promise<string> {
  const outcome = await authenticate(`Bearer ${token}`);
  return outcome.ok ? outcome.value.name : outcome.refusal.reason;
}

describe('keys that the issuer replaces', () => {
  test('are read again for a token of the new key, from a file and from a URL', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loms-keys-'));
    const jwks = join(dir, 'jwks.json');
    await writeKeys(issuer, jwks);
    const checks = await Promise.all([open(), open({ jwks })]);
    await issuer.rotate();
    await writeKeys(issuer, jwks);
    for (const tokens of checks) {
      expect(await verify(tokens, await issuer.sign({ sub: 'bob' }))).toBe('bob');
      // The key is known to be gone, as the reading was for the sake of a token.
      advance(keyLimits.searchPauseMs);
      expect(await verify(tokens, await issuer.sign({ sub: 'carol' }, 'key-1'))).toBe('CREDENTIALS_INVALID');
    }
    await rm(dir, { recursive: true });
  });

  test('are read in the background at half their age, and not sooner', async () => {
    const tokens = await open();
    const withdrawn = await issuer.sign();
    await issuer.rotate();
    advance(keyLimits.refreshMs - 1);
    await tokens.refreshKeys();
    expect(server.asked).toBe(1);
    advance(1);
    await tokens.refreshKeys();
    expect([server.asked, tokens.keys]).toEqual([2, { usable: true, readable: true, ageMs: 0 }]);
    expect(await verify(tokens, await issuer.sign({ sub: 'bob' }))).toBe('bob');
    expect(await verify(tokens, withdrawn)).toBe('CREDENTIALS_INVALID');
  });
});

describe('an unknown key', () => {
  test('makes one reading; in the pause after it such tokens may be tried again, and get 503', async () => {
    const tokens = await open();
    expect(await verify(tokens, await issuer.sign({}, 'none-0'))).toBe('CREDENTIALS_INVALID');
    await issuer.rotate();
    for (let i = 1; i < 20; i++) {
      expect(await verify(tokens, await issuer.sign({}, `none-${i}`))).toBe('KEYS_UNAVAILABLE');
    }
    const rotated = await issuer.sign({ sub: 'bob' });
    expect(await verify(tokens, rotated)).toBe('KEYS_UNAVAILABLE');
    expect(await verify(tokens, await issuer.sign({ sub: 'alice' }, 'key-1'))).toBe('CREDENTIALS_INVALID');
    expect(server.asked).toBe(2);
    advance(keyLimits.searchPauseMs);
    expect([await verify(tokens, rotated), server.asked]).toEqual(['bob', 3]);
    expect(messages()).not.toContain('credentials cannot be checked');
  });

  test('is not looked for where the key is known and the algorithm is not its own', async () => {
    const tokens = await open();
    const other = await createIssuer(Date.now, 'ES384');
    expect(await verify(tokens, await other.sign({}, 'key-1'))).toBe('CREDENTIALS_INVALID');
    expect(server.asked).toBe(1);
  });

  test('does not keep good tokens waiting, however many name one while the issuer hangs', async () => {
    const tokens = await open();
    server.hangs = true;
    const unknown = await issuer.sign({}, 'none');
    let answered = 0;
    const waiting = Array.from({ length: 2 * CHECKS_MAX }, async () => {
      const outcome = await verify(tokens, unknown);
      answered++;
      return outcome;
    });
    expect(await verify(tokens, await issuer.sign({ sub: 'bob' }))).toBe('bob');
    await expect.poll(() => answered).toBe(2 * CHECKS_MAX - UNKNOWN_KEYS_MAX);
    await server.close();
    const outcomes = await Promise.all(waiting);
    // Those that came while all checks were running were refused for that.
    expect(outcomes.filter((outcome) => outcome === 'KEYS_UNAVAILABLE')).toHaveLength(CHECKS_MAX);
    server = await serveKeys(issuer);
  });
});

describe('while the issuer is away', () => {
  test.each([
    ['answers 500', () => ({ status: 500 })],
    ['redirects', () => ({ status: 302 })],
    ['answers rubbish', () => ({ body: '{"keys":' })],
    ['answers no key set', () => ({ body: '{"keys": 1}' })],
    ['answers more than a MiB', () => ({ body: ' '.repeat(keyLimits.maxBytes) + keySet() })],
    ['publishes too many keys', () => ({ body: manyKeys() })],
  ])('(it %s) its keys stay in use for an hour, and no longer', async (_what, failure) => {
    const tokens = await open();
    Object.assign(server, failure());
    advance(MAX_AGE_MS - 1);
    await expect(tokens.refreshKeys()).rejects.toThrow('cannot be read');
    expect(await verify(tokens, await issuer.sign())).toBe('alice');
    expect(tokens.keys).toEqual({ usable: true, readable: false, ageMs: MAX_AGE_MS - 1 });
    advance(1);
    expect(await verify(tokens, await issuer.sign({ sub: 'bob' }))).toBe('KEYS_UNAVAILABLE');
    expect(tokens.keys).toMatchObject({ usable: false, readable: false });
  });

  test('from the start, every token is refused with one log line, until it is back', async () => {
    server.status = 500;
    const tokens = await open();
    expect(tokens.keys).toEqual({ usable: false, readable: false, ageMs: null });
    const token = await issuer.sign();
    for (let i = 0; i < 5; i++) expect(await verify(tokens, token)).toBe('KEYS_UNAVAILABLE');
    expect(server.asked).toBe(1);
    expect(messages()).toEqual([
      'cannot load JWKS: all tokens are rejected',
      'credentials cannot be checked',
    ]);
    const text = JSON.stringify(lines);
    expect(text).toContain('answered 500');
    expect(text).not.toContain(token.split('.')[2]);
    server.status = 200;
    advance(keyLimits.retryPauseMs);
    expect(await verify(tokens, token)).toBe('alice');
  });

  test('a failed reading is tried again at every background run', async () => {
    const tokens = await open();
    server.status = 500;
    expect(await verify(tokens, await issuer.sign({}, 'none'))).toBe('KEYS_UNAVAILABLE');
    for (let i = 0; i < 3; i++) await expect(tokens.refreshKeys()).rejects.toThrow('cannot be read');
    server.status = 200;
    await tokens.refreshKeys();
    expect([server.asked, tokens.keys.readable]).toEqual([6, true]);
  });
});

test.each(['{"keys": 1}', undefined])(
  'a file that holds no keys or does not exist fails the start',
  async (text) => {
    const dir = await mkdtemp(join(tmpdir(), 'loms-keys-'));
    const jwks = join(dir, 'jwks.json');
    if (text) await writeFile(jwks, text);
    await expect(open({ jwks })).rejects.toThrow('cannot be read');
    await rm(dir, { recursive: true });
  },
);

test('plain http from another machine is warned of, and not from this one', async () => {
  await open();
  expect(messages()).toEqual([]);
  await open({ jwks: 'http://issuer.invalid/jwks' });
  expect(messages()[0]).toMatch(/^AUTH_JWKS is plain http/);
});

test('refused logins are counted by reason, in one line a second', async () => {
  const tokens = await open();
  const invalid = [
    await issuer.sign({ exp: 1 }),
    await issuer.sign({ exp: 1 }),
    await issuer.sign({ aud: 'b' }),
    `${await issuer.sign()}x`,
    await issuer.sign({}, 'none'),
    await issuer.sign({}, 'none'),
  ];
  for (const token of invalid) await verify(tokens, token);
  for (const authorization of [undefined, 'Basic YTpi']) await tokens.authenticate(authorization);
  expect(await verify(tokens, await issuer.sign())).toBe('alice');
  const logged = () => lines.filter(({ msg }) => msg === 'logins refused');
  expect(logged()).toEqual([]);
  advance(REFUSED_LOG_INTERVAL_MS);
  expect(logged()).toMatchObject([
    {
      level: 40,
      refused: {
        CREDENTIALS_MISSING: 1,
        CREDENTIALS_INVALID: 1,
        ERR_JWT_EXPIRED: 2,
        ERR_JWT_CLAIM_VALIDATION_FAILED: 1,
        ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 1,
        ERR_JWKS_NO_MATCHING_KEY: 1,
        KEY_UNKNOWN: 1,
      },
    },
  ]);
  advance(10 * REFUSED_LOG_INTERVAL_MS);
  expect(logged()).toHaveLength(1);
});

const keySet = () => JSON.stringify(issuer.jwks());

function manyKeys(): string {
  const [key] = issuer.jwks().keys;
  const keys = Array.from({ length: keyLimits.keysMax + 1 }, (_, index) => ({ ...key, kid: `key-${index}` }));
  return JSON.stringify({ keys });
}
