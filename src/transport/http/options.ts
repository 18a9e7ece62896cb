/** What the REST side is given by `app.ts`: the operations, the log, the clock and the state of the service. */
import type { Logger } from 'pino';
import type { Authenticate } from '../../domain/access.ts';
import type { Loms } from '../../domain/loms.ts';

/** Whether the service may be sent requests, and what a person looks at when it may not. */
export interface Readiness {
  readonly ready: boolean;
  /**
   * Shown by `/readyz`: anything that can be written as JSON, bigints included. Where callers are known, a
   * stranger is shown no more than whether writes are taken.
   */
  readonly details: { readonly writable?: boolean; readonly [more: string]: unknown };
}

export interface HttpAppOptions {
  readonly loms: Loms;
  readonly logger: Logger;
  /** Milliseconds since the epoch; a parameter so that tests can stop the clock. */
  readonly now: () => number;
  /** How long after its arrival a request may still be begun. */
  readonly requestTimeoutMs: number;
  readonly readiness: () => Readiness;
  /** Checks who calls; left out, everybody may do everything. */
  readonly authenticate?: Authenticate | undefined;
  /** False leaves out the OpenAPI document and its page. */
  readonly docs?: boolean;
}
