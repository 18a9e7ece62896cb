/** What an operator sets of the domain's rules. Each use case that writes gets it. */
export interface Settings {
  /** How long an idempotency key that is claimed now is kept, in milliseconds. */
  readonly idempotencyRetentionMs: number;
  /** How long a reservation lasts where the request sets no time, in milliseconds; 0 is for ever. */
  readonly reservationTtlMs: number;
  /** The longest life of a reservation, extensions included, in milliseconds. */
  readonly reservationTtlMaxMs: number;
  /** The longest that a transaction lasts, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** How long after the end of its reservation an order can be payed late, in milliseconds; 0 is never. */
  readonly latePaymentWindowMs: number;
  /** The most pieces that the open orders of one user may hold; 0 is without a limit. */
  readonly heldPiecesMaxPerUser: number;
  /** How old a count of stock may be, in milliseconds. */
  readonly countMaxAgeMs: number;
  /** Authenticates page tokens; the same in all instances. */
  readonly pageTokenKey: Uint8Array;
}
