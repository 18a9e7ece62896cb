/** A token issuer for tests: it creates keys, publishes them in a file or over HTTP, and signs tokens. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'loms';

/** Claims that differ from the defaults, which are valid for every operation; undefined leaves one out. */
export type Claims = Record<string, unknown>;

export interface Issuer {
  /** The public keys. */
  jwks(): { keys: JWK[] };
  /** Signs a token: for `alice`, for a minute, with every scope, unless the claims differ. */
  sign(claims?: Claims, kid?: string): Promise<string>;
  /** Replaces the key: from now on a new one signs and is published. */
  rotate(): Promise<void>;
}

const everyScope = 'orders:read orders:write stock:read stock:write events:read';

/** Creates an issuer. `now` is its clock, in milliseconds since the epoch. */
export async function createIssuer(now: () => number = Date.now, algorithm = 'ES256'): Promise<Issuer> {
  let count = 0;
  const makeKey = async () => {
    const kid = `key-${++count}`;
    const { privateKey, publicKey } = await generateKeyPair(algorithm);
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
  };
  let key = await makeKey();
  return {
    jwks: () => ({ keys: [key.jwk] }),
    async sign(claims = {}, kid = key.kid) {
      const exp = Math.floor(now() / 1_000) + 60;
      const standard = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp, scope: everyScope };
      const payload = { ...standard, ...claims } as JWTPayload;
      return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid }).sign(key.privateKey);
    },
    async rotate() {
      key = await makeKey();
    },
  };
}

/** Writes an issuer's keys to a file. */
export function writeKeys(issuer: Issuer, path: string): Promise<void> {
  return writeFile(path, JSON.stringify(issuer.jwks()));
}

export interface KeyServer {
  readonly url: string;
  /** The HTTP status of its responses. */
  status: number;
  /** What it sends in place of the issuer's keys. */
  body: string | undefined;
  /** Whether it accepts requests and never answers them. */
  hangs: boolean;
  /** How many requests it has received. */
  asked: number;
  close(): Promise<void>;
}

/** Serves an issuer's current keys over HTTP. */
export async function serveKeys(issuer: Issuer): Promise<KeyServer> {
  const server = createServer((_request, response) => {
    keys.asked++;
    if (keys.hangs) return;
    response.writeHead(keys.status, { 'content-type': 'application/json' });
    response.end(keys.body ?? JSON.stringify(issuer.jwks()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const keys: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    status: 200,
    body: undefined,
    hangs: false,
    asked: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return keys;
}
