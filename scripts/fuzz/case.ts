/** One case of the fuzz run: the bytes that are sent, and the allowed answers. And the mix of cases. */
import { createHash } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import type { Reason } from '../../src/domain/errors.ts';
import type { GrpcBytes } from '../../test/support/grpc-session.ts';

/**
 * `accepted`: a valid request, which only the stored state may refuse. `refused`: one that must be refused
 * before the state is read. `unauthenticated`, `forged`, `forbidden`: refused because of its caller. `any`:
 * the answer only has to be in the documented form, and must not be a refusal of the caller.
 */
export type Expectation = 'accepted' | 'refused' | 'unauthenticated' | 'forged' | 'forbidden' | 'any';

/**
 * Refusals by the stored state. An invalid request must not get them: it is refused before the state is read.
 */
const stateReasons: readonly (Reason | undefined)[] = [
  'INSUFFICIENT_STOCK',
  'HELD_PIECES_EXCEEDED',
  'ORDER_NOT_FOUND',
  'ORDER_NOT_PAYABLE',
  'ORDER_NOT_CANCELLABLE',
  'ORDER_NOT_EXTENDABLE',
  'ORDER_EXPIRED',
  'STOCK_NOT_FOUND',
  'STOCK_CHANGED',
  'STOCK_BELOW_RESERVED',
  'COUNT_STALE',
  'CURSOR_EXPIRED',
];

/** Refusals of a caller, whatever it requests. */
const callerReasons: readonly (Reason | undefined)[] = [
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INVALID',
  'SCOPE_MISSING',
];

/** The reasons that each expectation allows; no reason means that the request was done. */
const allows: Readonly<Record<Expectation, (reason: Reason | undefined) => boolean>> = {
  accepted: (reason) => reason === undefined || stateReasons.includes(reason),
  refused: (reason) =>
    reason !== undefined && !stateReasons.includes(reason) && !callerReasons.includes(reason),
  unauthenticated: (reason) => reason === 'CREDENTIALS_MISSING' || reason === 'CREDENTIALS_INVALID',
  // It may name a key that the issuer was asked for a moment ago: whether there is one is not known then.
  forged: (reason) => reason === 'CREDENTIALS_INVALID' || reason === 'KEYS_UNAVAILABLE',
  forbidden: (reason) => reason === 'SCOPE_MISSING',
  any: (reason) => !callerReasons.includes(reason),
};

/** Operations whose valid requests may be refused as invalid: for the stored totals, or the clock. */
const ofState = /\/stock\/(?:adjust|count)$|StockService\/(?:Adjust|Count)Stock$/;

/**
 * @param operation its name in the OpenAPI document, or its path.
 * @throws WrongAnswer when a request was done or refused against its expectation.
 */
export function checkReason(
  expectation: Expectation,
  reason: Reason | undefined,
  answer: string,
  operation = '',
): void {
  const expected = expectation === 'accepted' && ofState.test(operation) ? 'any' : expectation;
  expect(allows[expected](reason), `expected: ${expected}, answered: ${reason ?? 'OK'}, ${answer}`);
}

/** The key of a change of stock, which needs one. The same bytes have the same key. */
export function keyOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The service that a case is sent to: one is open to all callers, the other requires tokens. */
export type ServiceName = 'open' | 'guarded';

/** A request in the bytes of a case, as far as its generator knows it. */
export interface SentRequest {
  readonly method: string;
  /** As the OpenAPI document names it (`post /order/create`), for a request of an operation. */
  readonly operation?: string;
  readonly expected: Expectation;
  /** It has a deadline of its own, which may pass. */
  readonly mayExpire?: boolean;
}

/** Bytes for an HTTP/1.1 connection. */
export interface RestCase {
  readonly via: 'REST';
  readonly kind: string;
  readonly service: ServiceName;
  /** Each is written on its own, one after the other. */
  readonly writes: readonly Buffer[];
  /** The requests in them; empty where they cannot be distinguished. */
  readonly requests: readonly SentRequest[];
  /** At least this many are answered; instead of the other answers the connection may be closed. */
  readonly answersMin: number;
  /** The caller ends its side, and reads until the connection is closed. */
  readonly end: boolean;
}

/** A stream of an HTTP/2 session. */
export interface GrpcCase extends GrpcBytes {
  readonly via: 'gRPC';
  readonly kind: string;
  readonly service: ServiceName;
  readonly expected: Expectation;
  readonly mayExpire?: boolean;
}

/** Bytes for a connection to the gRPC port, which may not be HTTP/2. The server only has to survive them. */
export interface FramesCase {
  readonly via: 'frames';
  readonly kind: string;
  readonly service: ServiceName;
  readonly bytes: Buffer;
}

export type Case = RestCase | GrpcCase | FramesCase;

/** A case without what the mix of kinds adds. */
export type CaseBody<Of extends Case> = Omit<Of, 'kind' | 'service'>;

/** A kind of case: its name, its weight in the mix, and the generator of its cases. */
export type Kind<Of extends Case> = readonly [
  name: string,
  weight: number,
  arbitrary: Arbitrary<CaseBody<Of>>,
];

/** Mixes kinds to one arbitrary of cases for one service. */
export function ofKinds<Of extends Case>(
  kinds: readonly Kind<Of>[],
  service: ServiceName = 'open',
): Arbitrary<Case> {
  return fc.oneof(
    ...kinds.map(([kind, weight, arbitrary]) => ({
      weight: Math.round(10 * weight),
      arbitrary: arbitrary.map((body) => ({ ...body, kind, service }) as unknown as Case),
    })),
  );
}

/** Thrown for an answer that is not as documented. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** @throws WrongAnswer unless the condition holds. */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new WrongAnswer(message);
}
