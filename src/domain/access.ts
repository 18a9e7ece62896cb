/** Who may do what: how a known caller is admitted to an operation. `src/auth/` checks the credentials. */
import { type OperationName, operations, type Scope } from './operations.ts';
import { accepted, type Outcome, refused } from './outcome.ts';
import { scopeMissing } from './refusals.ts';

/** A caller whose credentials are valid. */
export interface Identity {
  /** Never empty, so that no known caller is taken for `ANONYMOUS`. */
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

/**
 * Checks credentials: the value of the header or metadata `authorization`, if there is one. Replies
 * synchronously where it can, because most requests come with credentials that were checked a moment ago.
 *
 * @returns the caller, or CREDENTIALS_MISSING, CREDENTIALS_INVALID, KEYS_UNAVAILABLE or QUEUE_FULL.
 */
export type Authenticate = (
  authorization: string | undefined,
) => Outcome<Identity> | Promise<Outcome<Identity>>;

/** Admits a caller to an operation, or refuses with SCOPE_MISSING. Returns the caller's name. */
export function admit(caller: Outcome<Identity>, operation: OperationName): Outcome<string> {
  return admitTo(caller, operations[operation].scope);
}

/** The same for what is no operation. */
export function admitTo(caller: Outcome<Identity>, scope: Scope): Outcome<string> {
  if (!caller.ok) return caller;
  const { name, scopes } = caller.value;
  return scopes.has(scope) ? accepted(name) : refused(scopeMissing(scope));
}
