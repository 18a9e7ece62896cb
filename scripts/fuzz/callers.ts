/** The callers of the service that requires tokens: valid, without the scope, and unauthenticated ones. */

import fc, { type Arbitrary } from 'fast-check';
import { scopes } from '../../src/domain/operations.ts';
import { AUDIENCE, type Claims, createIssuer, ISSUER, type Issuer } from '../../test/support/issuer.ts';
import type { Expectation } from './case.ts';
import { mutated } from './http-bytes.ts';

/** A kind of caller. */
export interface Caller {
  readonly name: string;
  /** Its weight in the mix. */
  readonly weight: number;
  /** Its `authorization` header, if it sends one. */
  readonly authorization: Arbitrary<string | undefined>;
  /** What all its requests are answered; if not set, the request decides. */
  readonly expected?: Expectation;
}

const second = () => Math.floor(Date.now() / 1_000);

/** Longer than any run. */
const LATER_SECONDS = 6 * 3_600;

const goodClaims: Claims[] = [
  {},
  { aud: ['somebody', AUDIENCE] },
  { scope: undefined, scp: [...scopes] },
  { sub: 'b'.repeat(255) },
  { much: 'x'.repeat(3_000), deep: { constructor: { prototype: [] } } },
];

const claimsWithoutScope: Claims[] = [
  ...[undefined, '', 'stock:delete', 'orders', 'ORDERS:READ', 7, null, {}].map((scope) => ({ scope })),
  ...[[], [1, null], {}, 'orders'].map((scp) => ({ scope: undefined, scp })),
];

const badClaims = (): Claims[] => [
  ...[0, 1, -1, second() - 60, undefined].map((exp) => ({ exp })),
  ...[undefined, '', 'https://other.test', `${ISSUER}/`].map((iss) => ({ iss })),
  ...[undefined, '', 'other', [], ['other'], `${AUDIENCE} `].map((aud) => ({ aud })),
  ...[undefined, '', 'a\0b', '\ud800', 's'.repeat(256)].map((sub) => ({ sub })),
  { nbf: second() + LATER_SECONDS },
];

/** Token headers that do not match their signature. */
const badHeaders = [
  ...['', '{', 'null', '[]', '7', '{}', '{"alg":7}', '{"alg":null}', '{"alg":"none"}', '{"alg":"HS256"}'],
  ...['{"alg":"ES512"}', '{"alg":"__proto__"}', '{"alg":"ES256","kid":"nobody"}', '{"alg":"ES256","jwk":{}}'],
  ...['{"alg":"ES256","crit":["x"],"x":1}', '{"alg":"ES256","crit":[]}', '{"alg":"ES256","b64":false}'],
];

/** Creates the callers. The issuer signs all valid tokens. */
export async function makeCallers(issuer: Issuer): Promise<Caller[]> {
  const signAll = (claims: Claims[], by = issuer) =>
    Promise.all(claims.map((each) => by.sign({ exp: second() + LATER_SECONDS, ...each })));
  const good = await signAll(goodClaims);
  const unscoped = await signAll(claimsWithoutScope);
  // The key of another issuer has the same name.
  const bad = [...(await signAll(badClaims())), ...(await signAll(goodClaims, await createIssuer()))];
  return [
    { name: 'a valid caller', weight: 8, authorization: headerOf(good) },
    {
      name: 'a caller without the scope',
      weight: 2,
      authorization: headerOf(unscoped),
      expected: 'forbidden',
    },
    {
      name: 'a caller with a bad token',
      weight: 2,
      authorization: headerOf(bad),
      expected: 'unauthenticated',
    },
    {
      name: 'a caller with a forged token',
      weight: 3,
      authorization: forged(good),
      expected: 'forged',
    },
    { name: 'a caller with no token', weight: 2, authorization: noToken(good), expected: 'unauthenticated' },
  ];
}

function headerOf(tokens: readonly string[]): Arbitrary<string> {
  const scheme = fc.constantFrom('Bearer ', 'Bearer ', 'bearer ', 'BEARER   ');
  return fc.tuple(scheme, fc.constantFrom(...tokens)).map((parts) => parts.join(''));
}

/** Valid tokens with another header, truncated, mixed, or with signed characters changed. */
function forged(good: readonly string[]): Arbitrary<string> {
  const part = fc.constantFrom(...good.flatMap((token) => token.split('.')));
  const token = fc.constantFrom(...good);
  const base64 = (text: string) => Buffer.from(text).toString('base64url');
  return fc
    .oneof(
      fc.tuple(fc.constantFrom(...badHeaders), token, fc.boolean()).map(([header, from, signed]) => {
        const [, payload, signature] = from.split('.');
        return [base64(header), payload, signed ? signature : ''].join('.');
      }),
      token.chain((from) => fc.nat(from.length - 1).map((end) => from.slice(0, end))),
      fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.')),
      token.chain((from) => {
        const end = from.lastIndexOf('.');
        return mutated(Buffer.from(from.slice(0, end))).map((bytes) => `${bytes}${from.slice(end)}`);
      }),
    )
    .map((text) => text.replaceAll(/[^\w.-]/g, 'A'))
    .filter((text) => !good.includes(text))
    .map((text) => `Bearer ${text}`.trim());
}

/** No header, one that holds no single token, or a token above the length limit. */
function noToken([good = '']: readonly string[]): Arbitrary<string | undefined> {
  return fc.oneof(
    fc.constantFrom(undefined, '', 'Bearer', 'Basic Og==', 'Bearer a.b.c', 'Bearer ..', 'Bearer \xff'),
    fc.constantFrom(
      good,
      `Basic ${good}`,
      `Bearer ${good} x`,
      `Bearer ${good},Bearer ${good}`,
      `Bearer "${good}"`,
    ),
    fc.integer({ min: 8_193, max: 10_000 }).map((length) => `Bearer ${'t'.repeat(length)}`),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      return `Bearer ${text.replaceAll(/[^ -~\xa0-\xff]/g, '.')}`.trim();
    }),
  );
}
