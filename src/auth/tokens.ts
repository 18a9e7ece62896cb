/** Checks bearer tokens: JWTs that a known issuer signed for us, with a key that only the issuer has. */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Authenticate, Identity } from '../domain/access.ts';
import { accepted, type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { type Clock, monotonicMs, type SetTimer } from '../timing/clock.ts';
import { isUrl, Keys, type KeysState, KeysUnavailable, KeyUnknown } from './keys.ts';
import { RefusedLogins } from './refused-logins.ts';

export interface TokenOptions {
  /** Where the issuer's public keys are: a path, or an http or https URL. */
  readonly jwks: string;
  /** How long keys are used after they were read, in milliseconds, while they cannot be read again. */
  readonly jwksMaxAgeMs: number;
  /** What a token's `iss` must be. */
  readonly issuer: string;
  /** What a token's `aud` must be or hold. */
  readonly audience: string;
  readonly logger: Logger;
  /** The clock that `exp` and `nbf` are compared with, in milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** The clock of every duration. */
  readonly now?: Clock;
  readonly setTimer?: SetTimer;
  /** How many valid tokens are kept; past it the least recently used one is dropped. */
  readonly cacheEntriesMax?: number;
}

export interface Tokens {
  readonly authenticate: Authenticate;
  /** One background run: reads the issuer's keys if they are old. Throws KeysUnavailable. */
  refreshKeys(): Promise<undefined>;
  readonly keys: KeysState;
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

/** How many tokens may wait for a reading of the keys, apart from the checks: anybody can name a key. */
export const UNKNOWN_KEYS_MAX = 100;

/** At most one line in this time about unavailable keys: a failure of the issuer fails every request. */
const LOG_INTERVAL_MS = 1_000;

const bearer = /^Bearer +([\w.-]+)$/i;

export const CALLER_NAME_MAX_CHARS = 255;

/** A caller's name is stored with its requests: of bounded length, no character PostgreSQL cannot hold. */
const callerName = new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${CALLER_NAME_MAX_CHARS}}$`, 'u');

/**
 * Opens the check of tokens. A file of keys must be readable now. A key server may be unavailable at start;
 * until it responds, every token is refused with KEYS_UNAVAILABLE.
 *
 * @throws KeysUnavailable when the file cannot be read.
 */
export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const { jwks: location, jwksMaxAgeMs: maxAgeMs, now = monotonicMs, logger } = options;
  const keys = new Keys({ location, maxAgeMs, now });
  if (isPlainHttp(location)) logger.warn('AUTH_JWKS is plain http: who can answer for it can issue tokens');
  await keys.read().catch((error) => {
    if (!isUrl(location)) throw error;
    logger.error({ err: error }, 'cannot load JWKS: all tokens are rejected');
  });
  const check = new TokenCheck(keys, options, now);
  return {
    authenticate: (authorization) => check.authenticate(authorization),
    refreshKeys: () => keys.refresh(),
    get keys() {
      return keys.state;
    },
  };
}

/** Whether keys come unprotected from another machine. */
function isPlainHttp(location: string): boolean {
  if (!/^http:/i.test(location)) return false;
  return !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(location).hostname);
}

/** A caller whose token was valid, and the end of that token on the wall clock, in milliseconds. */
interface CachedCaller {
  readonly caller: Outcome<Identity>;
  readonly endMs: number;
}

class TokenCheck {
  readonly #keys: Keys;
  readonly #options: TokenOptions;
  readonly #now: Clock;
  readonly #cache: LRUCache<string, CachedCaller>;
  readonly #refusedLogins: RefusedLogins;
  #checks = 0;
  #waiting = 0;
  #silentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(keys: Keys, options: TokenOptions, now: Clock) {
    this.#keys = keys;
    this.#options = options;
    this.#now = now;
    this.#refusedLogins = new RefusedLogins(options.logger, options.setTimer);
    this.#cache = new LRUCache<string, CachedCaller>({
      max: options.cacheEntriesMax ?? CACHE_ENTRIES_MAX,
      // lru-cache drops an entry when it is older than its ttl.
      ttl: CACHE_MS - 1,
      perf: { now },
      ttlResolution: 0,
    });
  }

  authenticate(authorization: string | undefined): Outcome<Identity> | Promise<Outcome<Identity>> {
    if (authorization === undefined) {
      this.#refusedLogins.count('CREDENTIALS_MISSING');
      return refused(fixedRefusals.credentialsMissing);
    }
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined || token.length > TOKEN_MAX_CHARS) {
      this.#refusedLogins.count('CREDENTIALS_INVALID');
      return refused(fixedRefusals.credentialsInvalid);
    }
    const known = this.#cache.get(token);
    if (known !== undefined && this.#options.wallClock() < known.endMs) return known.caller;
    return this.#check(token);
  }

  /** Checks a token, a second time with keys that were read for it if its key was unknown. */
  async #check(token: string): Promise<Outcome<Identity>> {
    try {
      return await this.#verify(token).catch(async (error) => {
        if (!(error instanceof KeyUnknown)) throw error;
        await this.#readKeys();
        return this.#verify(token);
      });
    } catch (error) {
      return refused(this.#refusalOf(error));
    }
  }

  async #verify(token: string): Promise<Outcome<Identity>> {
    if (this.#checks >= CHECKS_MAX) return refused(fixedRefusals.queueFull);
    this.#checks++;
    try {
      const { issuer, audience, wallClock } = this.#options;
      const { payload } = await jwtVerify(token, this.#keys.find, {
        algorithms: [...ALGORITHMS],
        issuer,
        audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(wallClock()),
      });
      const endMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1_000;
      const caller = accepted(identityOf(payload, this.#now() + endMs - wallClock()));
      this.#cache.set(token, { caller, endMs });
      return caller;
    } finally {
      this.#checks--;
    }
  }

  /** Waits for a reading of the keys, outside of the checks: good tokens must not wait behind it. */
  async #readKeys(): Promise<void> {
    if (this.#waiting >= UNKNOWN_KEYS_MAX) {
      throw new KeysUnavailable('too many tokens wait for a reading of the keys');
    }
    this.#waiting++;
    try {
      await this.#keys.readForToken();
    } finally {
      this.#waiting--;
    }
  }

  /** jose's errors hold the claims of the token, so only their message and code are logged. */
  #refusalOf(error: unknown) {
    const { logger } = this.#options;
    // Still unknown after the keys were read for it: there is no such key.
    const cause = error instanceof KeyUnknown ? error.cause : error;
    if (cause instanceof errors.JOSEError) {
      logger.debug({ why: cause.message, code: cause.code }, 'credentials are not valid');
      this.#refusedLogins.count(cause.code);
      return fixedRefusals.credentialsInvalid;
    }
    const isStrangers = error instanceof KeysUnavailable && error.cause === undefined;
    this.#refusedLogins.count(isStrangers ? 'KEY_UNKNOWN' : 'KEYS_UNAVAILABLE');
    // What anybody can cause is counted only.
    if (!isStrangers && this.#now() >= this.#silentUntilMs) {
      logger.error({ err: error }, 'credentials cannot be checked');
      this.#silentUntilMs = this.#now() + LOG_INTERVAL_MS;
    }
    return fixedRefusals.keysUnavailable;
  }
}

/** Reads the caller from a valid token. Some issuers call `scope` `scp`, mostly as a list. */
function identityOf({ sub, scope, scp }: JWTPayload, endMs: number): Identity {
  if (typeof sub !== 'string' || !callerName.test(sub)) throw new errors.JWTInvalid('"sub" is no name');
  return { name: sub, scopes: new Set([...wordsOf(scope), ...wordsOf(scp)]), endMs };
}

function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}
