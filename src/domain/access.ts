/** Who may do what: how a known caller is admitted to an operation. `src/auth/` checks the credentials. */
import { type Scope, type ServedName, served } from './operations.ts';
import { type Outcome, refused } from './outcome.ts';
import { scopeMissing } from './refusals.ts';

/** A caller whose credentials are valid. */
export interface Identity {
  /** Never empty, so that no known caller is taken for `ANONYMOUS`. */
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
  /** When its credentials end, in milliseconds on the monotonic clock: streams end by then. */
  readonly endMs: number;
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

/** Admits a caller to an operation or stream, or refuses with SCOPE_MISSING. */
export function admit(caller: Outcome<Identity>, name: ServedName): Outcome<Identity> {
  return admitTo(caller, served[name].scope);
}

/** The same for what is no operation. */
export function admitTo(caller: Outcome<Identity>, scope: Scope): Outcome<Identity> {
  return !caller.ok || caller.value.scopes.has(scope) ? caller : refused(scopeMissing(scope));
}
