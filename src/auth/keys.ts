/**
 * The issuer's public keys: a JWKS from a file or URL. It is read again in the background, and when a token
 * names a key that is not in it. Keys that were read stay in use while the issuer cannot be reached.
 */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../timing/clock.ts';

export interface KeysOptions {
  /** A path, or an http or https URL. */
  readonly location: string;
  /** The clock of ages and pauses. */
  readonly now: Clock;
  /** How long keys are used after they were read, in milliseconds, while they cannot be read again. */
  readonly maxAgeMs: number;
}

/** Whether tokens can be checked, as `/readyz` shows it. */
export interface KeysState {
  /** Whether there are keys that may still be used. */
  readonly usable: boolean;
  /** Whether the last attempt to read them succeeded. */
  readonly readable: boolean;
  /** The time since they were read, in milliseconds; null where they never were. */
  readonly ageMs: number | null;
}

/**
 * Nothing is known of a token: the keys cannot be read or used (the cause is given), or must not be read
 * again at this moment (there is no cause).
 */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** The token's key is not among the keys in use: reading them again may help, see `readForToken`. */
export class KeyUnknown extends Error {
  override readonly name = 'KeyUnknown';
}

export const keyLimits = {
  /** The most bytes of a JWKS. */
  maxBytes: 1024 * 1024,
  /** The most keys of a JWKS: each token without a key id is compared with all of them. */
  keysMax: 100,
  /** The age at which keys are read again in the background. */
  refreshMs: 5 * 60_000,
  /** The pause between two readings for the sake of an unknown key, which anybody can name. */
  searchPauseMs: 10_000,
  /** The pause after a reading that failed while there are no usable keys. */
  retryPauseMs: 1_000,
  /** The time that one reading may take. */
  readMs: 5_000,
};

/** What is wrong with the token, and not with the keys. */
const ofToken = [errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

interface KeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** The ids of its keys. */
  readonly ids: ReadonlySet<unknown>;
}

export class Keys {
  readonly #options: KeysOptions;
  readonly #url: URL;
  #set: KeySet | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #attemptAtMs = Number.NEGATIVE_INFINITY;
  #searchAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #reading: Promise<void> | undefined;

  /** Nothing is read yet. */
  constructor(options: KeysOptions) {
    this.#options = options;
    this.#url = isUrl(options.location)
      ? new URL(options.location)
      : pathToFileURL(resolve(options.location));
  }

  get state(): KeysState {
    const ageMs = Math.round(this.#options.now() - this.#readAtMs);
    const readable = this.#set !== undefined && this.#failure === undefined;
    return { usable: this.#usable !== undefined, readable, ageMs: this.#set === undefined ? null : ageMs };
  }

  /** Finds the key of a token. Throws KeyUnknown, KeysUnavailable, or an error of jose about the token. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const set = this.#usable;
    if (set === undefined) throw new KeyUnknown('there are no usable keys');
    try {
      return await set.find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) {
        // A key that is known and does not fit the token's algorithm is a fault of the token.
        if (set.ids.has(header.kid)) throw error;
        throw new KeyUnknown(error.message, { cause: error });
      }
      if (ofToken.some((type) => error instanceof type)) throw error;
      throw new KeysUnavailable('a key of the JWKS cannot be used', { cause: error });
    }
  };

  /** Reads the keys now, or waits for the reading that runs. Throws KeysUnavailable; the old keys stay. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** One background run: reads the keys if they are old, or if they could not be read last time. */
  async refresh(): Promise<undefined> {
    const ageMs = this.#options.now() - this.#readAtMs;
    const refreshMs = Math.min(keyLimits.refreshMs, this.#options.maxAgeMs / 2);
    if (ageMs >= refreshMs || this.#failure !== undefined) await this.read();
  }

  /**
   * Reads the keys for the sake of a token whose key is unknown.
   *
   * @throws KeysUnavailable when they cannot be read, and without an attempt when the last one was a moment
   * ago: the issuer may have published the key since, so nothing is known of the token.
   */
  async readForToken(): Promise<void> {
    const nowMs = this.#options.now();
    if (this.#reading === undefined) {
      const untilMs =
        this.#usable === undefined
          ? this.#attemptAtMs + keyLimits.retryPauseMs
          : this.#searchAtMs + keyLimits.searchPauseMs;
      if (nowMs < untilMs) throw unavailable(this.#failure);
      this.#searchAtMs = nowMs;
    }
    await this.read();
  }

  get #usable(): KeySet | undefined {
    const ageMs = this.#options.now() - this.#readAtMs;
    return ageMs < this.#options.maxAgeMs ? this.#set : undefined;
  }

  async #read(): Promise<void> {
    this.#attemptAtMs = this.#options.now();
    try {
      this.#set = parse(await readLimited(this.#url));
      this.#readAtMs = this.#options.now();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      this.#attemptAtMs = this.#options.now();
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): KeysUnavailable {
  if (cause === undefined) return new KeysUnavailable('the keys were read a moment ago');
  return new KeysUnavailable('the keys that tokens are checked with cannot be read', { cause });
}

/** Whether the keys are fetched from a server, and not read from a file. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** Reads a file or the body of a reply, up to the limit. */
async function readLimited(url: URL): Promise<string> {
  const signal = AbortSignal.timeout(keyLimits.readMs);
  const chunks = url.protocol === 'file:' ? createReadStream(url, { signal }) : await fetchBody(url, signal);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > keyLimits.maxBytes) throw new Error(`the JWKS is larger than ${keyLimits.maxBytes} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

async function fetchBody(url: URL, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  // A redirect is not followed: it could lead to any server that we can reach.
  const response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } });
  if (response.status === 200 && response.body !== null) return response.body;
  await response.body?.cancel();
  throw new Error(`the server of the keys answered ${response.status}`);
}

function parse(text: string): KeySet {
  const jwks: JSONWebKeySet = JSON.parse(text);
  const find = createLocalJWKSet(jwks);
  if (jwks.keys.length > keyLimits.keysMax)
    throw new Error(`the JWKS has more than ${keyLimits.keysMax} keys`);
  return { find, ids: new Set(jwks.keys.flatMap(({ kid }) => kid ?? [])) };
}
