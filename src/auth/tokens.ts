/** Checks bearer tokens: JWTs that a known issuer signed for us, with a key that only the issuer has. */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Authenticate, Identity } from '../domain/access.ts';
import { accepted, type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { type Clock, monotonicMs, wallClockMs } from '../timing/clock.ts';
import { isUrl, type Keys, openKeys } from './keys.ts';

export interface TokenOptions {
  /** Where the issuer's public keys are: a path, or an http or https URL. */
  readonly jwks: string;
  /** What a token's `iss` must be. */
  readonly issuer: string;
  /** What a token's `aud` must be or hold. */
  readonly audience: string;
  readonly logger: Logger;
  /** The clock of ages and pauses. */
  readonly now?: Clock;
  /** The clock that `exp` and `nbf` of tokens are compared with, in milliseconds since the epoch. */
  readonly wallClock?: () => number;
  /** The pause before an unknown key makes us read the keys again. */
  readonly keysCooldownMs?: number;
  /** How many valid tokens are kept; past it the least recently used one is dropped. */
  readonly cacheEntriesMax?: number;
}

/** Asymmetric signatures only: with a shared secret, every checker of tokens could also issue them. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** How far the issuer's clock and ours may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** A valid token is not checked again for this long, and never accepted past its end. */
const CACHE_MS = 60_000;
const CACHE_ENTRIES_MAX = 4_096;

/** Longer tokens are refused without parsing, which bounds the memory of the cache. */
export const TOKEN_MAX_CHARS = 8_192;

/** How many tokens may be checked at a time: a check costs CPU before the caller is known. */
export const CHECKS_MAX = 1_000;

/** At most one line in this time about unavailable keys: a failure of the issuer fails every request. */
const LOG_INTERVAL_MS = 1_000;

const bearer = /^Bearer +([\w.-]+)$/i;

interface ValidToken {
  readonly caller: Outcome<Identity>;
  /** When it ends, by the wall clock. */
  readonly endMs: number;
}

/** A caller's name is stored with its requests: of bounded length, no character PostgreSQL cannot hold. */
const callerName = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/**
 * Opens the check of tokens. A file of keys must be readable now. A key server may be unavailable at start;
 * until it responds, every token is refused with KEYS_UNAVAILABLE.
 *
 * @throws KeysUnavailable when the file cannot be read.
 */
export async function openTokens(options: TokenOptions): Promise<Authenticate> {
  const { jwks: location, now = monotonicMs, keysCooldownMs } = options;
  const keys = openKeys({
    location,
    now,
    ...(keysCooldownMs === undefined ? {} : { cooldownMs: keysCooldownMs }),
  });
  await keys.load().catch((error) => {
    if (!isUrl(location)) throw error;
    options.logger.error({ err: error }, 'cannot load JWKS: all tokens are rejected');
  });
  return tokenCheck(keys, options);
}

function tokenCheck(keys: Keys, options: TokenOptions): Authenticate {
  const { logger, now = monotonicMs, wallClock = wallClockMs } = options;
  const cache = new LRUCache<string, ValidToken>({
    max: options.cacheEntriesMax ?? CACHE_ENTRIES_MAX,
    // lru-cache drops an entry when it is older than this.
    ttl: CACHE_MS - 1,
    perf: { now },
    ttlResolution: 0,
  });
  let checks = 0;
  let silentUntilMs = Number.NEGATIVE_INFINITY;

  async function check(token: string): Promise<Outcome<Identity>> {
    checks++;
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        algorithms: [...ALGORITHMS],
        issuer: options.issuer,
        audience: options.audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(wallClock()),
      });
      const caller = accepted(identityOf(payload));
      const endMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1_000;
      cache.set(token, { caller, endMs });
      return caller;
    } catch (error) {
      return refused(refusalOf(error));
    } finally {
      checks--;
    }
  }

  /** jose's errors hold the claims of the token, so only their message and code are logged. */
  function refusalOf(error: unknown) {
    if (error instanceof errors.JOSEError) {
      logger.debug({ why: error.message, code: error.code }, 'credentials are not valid');
      return fixedRefusals.credentialsInvalid;
    }
    if (now() >= silentUntilMs) {
      logger.error({ err: error }, 'credentials cannot be checked');
      silentUntilMs = now() + LOG_INTERVAL_MS;
    }
    return fixedRefusals.keysUnavailable;
  }

  return (authorization) => {
    if (authorization === undefined) return refused(fixedRefusals.credentialsMissing);
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined || token.length > TOKEN_MAX_CHARS)
      return refused(fixedRefusals.credentialsInvalid);
    const known = cache.get(token);
    if (known !== undefined && wallClock() < known.endMs) return known.caller;
    return checks < CHECKS_MAX ? check(token) : refused(fixedRefusals.queueFull);
  };
}

/** Reads the caller from a valid token. Some issuers call `scope` `scp`, mostly as a list. */
function identityOf({ sub, scope, scp }: JWTPayload): Identity {
  if (typeof sub !== 'string' || !callerName.test(sub)) throw new errors.JWTInvalid('"sub" is no name');
  return { name: sub, scopes: new Set([...wordsOf(scope), ...wordsOf(scp)]) };
}

function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}
