/** The issuer's public keys: a JWKS from a file or URL, read again by age and when a key is unknown. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../timing/clock.ts';

export interface KeysOptions {
  /** A path, or an http or https URL. */
  readonly location: string;
  /** The clock of pauses. */
  readonly now: Clock;
  /** The pause after a successful reading before an unknown key makes us read again. */
  readonly cooldownMs?: number;
}

export interface Keys {
  /** Finds the key of a token. Throws KeysUnavailable, or an error of jose when there is no such key. */
  readonly find: JWTVerifyGetKey;
  /** Reads the keys now. Throws KeysUnavailable. */
  load(): Promise<void>;
}

/** The keys cannot be read, so nothing can be said of any token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** How long keys are used without being read again, and so the longest use of a withdrawn key. */
const MAX_AGE_MS = 10 * 60_000;

/** The pause between two readings for the sake of an unknown key, which anybody can name. */
const COOLDOWN_MS = 30_000;

/** How long a server may take to answer. */
const TIMEOUT_MS = 2_000;

/** The pause after a reading that failed: an endpoint in trouble is not asked with every request. */
const RETRY_PAUSE_MS = 1_000;

/** What says of the token, and not of the keys, that the two do not go together. */
const ofToken = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Opens a set of keys; nothing is read yet. */
export function openKeys({ location, now, cooldownMs = COOLDOWN_MS }: KeysOptions): Keys {
  const url = isUrl(location) ? new URL(location) : pathToFileURL(resolve(location));
  let failed: unknown;
  let quietUntilMs = Number.NEGATIVE_INFINITY;

  const read: typeof fetch = async (input, init) => {
    if (now() < quietUntilMs) throw failed;
    try {
      if (url.protocol === 'file:') return new Response(await readFile(url));
      const response = await fetch(input, init);
      if (response.status !== 200) throw new Error(`the server of the keys answered ${response.status}`);
      return response;
    } catch (error) {
      failed = error;
      quietUntilMs = now() + RETRY_PAUSE_MS;
      throw error;
    }
  };
  const set = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: cooldownMs,
    cacheMaxAge: MAX_AGE_MS,
    [customFetch]: read,
  });
  return {
    find: (header, token) =>
      set(header, token).catch((error) => {
        throw ofToken.some((type) => error instanceof type) ? error : unavailable(error);
      }),
    load: () =>
      set.reload().catch((error) => {
        throw unavailable(error);
      }),
  };
}

/** Whether the keys are fetched from a server, and not read from a file. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

function unavailable(cause: unknown): KeysUnavailable {
  return new KeysUnavailable('the keys that tokens are checked with cannot be read', { cause });
}
