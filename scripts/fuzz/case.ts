/** What one case of the fuzz run is: the bytes that are sent, and what may be answered. */
import type { Reason } from '../../src/domain/errors.ts';
import type { GrpcBytes } from '../../test/support/grpc-session.ts';

/**
 * `accepted`: a valid request, which may only be refused for what is in the books; `refused`: one that must be refused
 * before anybody looks there; `stranger`, `unscoped`: refused because of who asks; `any`: the answer only has to be in
 * the documented form, and may not be about who asks.
 */
export type Expectation = 'accepted' | 'refused' | 'stranger' | 'unscoped' | 'any';

/** Why a valid request may be refused. To a bad one they would say that it had been taken for a valid one. */
const ofTheBooks: readonly (Reason | undefined)[] = [
  'INSUFFICIENT_STOCK',
  'ORDER_NOT_FOUND',
  'ORDER_NOT_PAYABLE',
  'ORDER_NOT_CANCELLABLE',
  'STOCK_NOT_FOUND',
];

/** Why somebody is not let in, whatever is asked for. */
const ofCallers: readonly (Reason | undefined)[] = [
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INVALID',
  'SCOPE_MISSING',
];

/** What each kind of request may be answered; no reason means that it was done. */
const fits: Readonly<Record<Expectation, (reason: Reason | undefined) => boolean>> = {
  accepted: (reason) => reason === undefined || ofTheBooks.includes(reason),
  refused: (reason) => reason !== undefined && !ofTheBooks.includes(reason) && !ofCallers.includes(reason),
  stranger: (reason) => reason === 'CREDENTIALS_MISSING' || reason === 'CREDENTIALS_INVALID',
  unscoped: (reason) => reason === 'SCOPE_MISSING',
  any: (reason) => !ofCallers.includes(reason),
};

/** @throws WrongAnswer when a request is not answered as it has to be: done, or refused for the wrong reason. */
export function checkReason(expect: Expectation, reason: Reason | undefined, told: string): void {
  must(fits[expect](reason), `expected: ${expect}, answered: ${reason ?? 'OK'}, ${told}`);
}

/** Which of the two services is asked: the one that is open to everybody, or the one that wants tokens. */
export type ServiceName = 'open' | 'guarded';

/** A request of which the generator knows what it is. */
export interface Ask {
  readonly method: string;
  /** As the OpenAPI document names it (`post /order/create`), where the request is meant for an operation. */
  readonly operation?: string;
  readonly expect: Expectation;
  /** It states a time limit of its own, which may pass. */
  readonly mayExpire?: boolean;
}

/** Bytes for an HTTP/1.1 connection. */
export interface RestCase {
  readonly via: 'REST';
  readonly kind: string;
  readonly service: ServiceName;
  /** Each is written by itself, one after the other. */
  readonly writes: readonly Buffer[];
  /** The requests in them. Where they cannot be told apart there are none. */
  readonly asks: readonly Ask[];
  /** So many of them must be answered; the connection may be closed instead of the others. */
  readonly answersMin: number;
  /** The caller says that it will send no more, and listens until the connection is closed. */
  readonly end: boolean;
}

/** A stream of an HTTP/2 session. */
export interface GrpcCase extends GrpcBytes {
  readonly via: 'gRPC';
  readonly kind: string;
  readonly service: ServiceName;
  readonly expect: Expectation;
  readonly mayExpire?: boolean;
}

/** Bytes for a connection to the gRPC port, which may or may not be HTTP/2. The server has to survive them. */
export interface FramesCase {
  readonly via: 'frames';
  readonly kind: string;
  readonly service: ServiceName;
  readonly bytes: Buffer;
}

export type Case = RestCase | GrpcCase | FramesCase;

/** What the generator of a kind makes. */
export type Made<Of extends Case> = Omit<Of, 'kind' | 'service'>;

/** Thrown for an answer that is not as documented. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** @throws WrongAnswer unless the condition holds. */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new WrongAnswer(what);
}
