/**
 * Who may do what: the one table from operation to scope, and how a caller is let in. Both transports use it;
 * neither knows how credentials are checked (`src/auth/` does).
 */
import { accepted, type Outcome, refused, scopeMissing } from './errors.ts';
import type { Loms } from './loms.ts';

/** What a caller may be allowed to do. `stock:write` is reserved for operations to come. */
export type Scope = 'orders:read' | 'orders:write' | 'stock:read' | 'stock:write';

/** An operation by the name that both contracts give it. */
export type OperationName = keyof Loms;

/** Which scope each operation needs. */
export const scopeOf: Readonly<Record<OperationName, Scope>> = {
  createOrder: 'orders:write',
  getOrder: 'orders:read',
  payOrder: 'orders:write',
  cancelOrder: 'orders:write',
  getStock: 'stock:read',
};

/** A caller whose credentials were found good. */
export interface Identity {
  /** Never empty, so that no known caller is taken for `ANONYMOUS`. */
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

/**
 * Checks credentials: what stands in the header or metadata `authorization`, if anything. Answers at once where
 * it can, because most requests come with credentials that were checked a moment ago.
 *
 * @returns the caller, or CREDENTIALS_MISSING, CREDENTIALS_INVALID, KEYS_UNAVAILABLE or QUEUE_FULL.
 */
export type Authenticate = (
  authorization: string | undefined,
) => Outcome<Identity> | Promise<Outcome<Identity>>;

/** Lets a known caller in to an operation, or refuses with the scope that is missing. */
export function admit(caller: Outcome<Identity>, operation: OperationName): Outcome<string> {
  if (!caller.ok) return caller;
  const { name, scopes } = caller.value;
  const scope = scopeOf[operation];
  return scopes.has(scope) ? accepted(name) : refused(scopeMissing(scope));
}
