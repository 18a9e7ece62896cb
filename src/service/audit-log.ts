/**
 * The audit log: a line for each write that was acknowledged, with its caller and what it is about. A request
 * that was refused has none, also when its outcome is unknown: orders and movements of stock name their
 * callers too.
 */
import type { Logger } from 'pino';
import { ANONYMOUS, type Call } from '../domain/call.ts';
import type { Subject, Submit } from '../domain/operations.ts';

/** The most skus that a line names; it has the number of all. */
export const AUDIT_SKUS_MAX = 100;

interface AuditedOperation {
  subjectOf(request: unknown, value: unknown): Subject | undefined;
}

/**
 * Makes a write log what it has acknowledged, at any level of the log.
 *
 * @param submit runs it.
 */
export function audited(
  submit: Submit,
  operation: string,
  { subjectOf }: AuditedOperation,
  logger: Logger,
): Submit {
  const log = logger.child({ operation }, { level: 'info' });
  return async (request, call) => {
    const outcome = await submit(request, call);
    if (!outcome.ok) return outcome;
    const subject = subjectOf(request, outcome.value);
    if (subject !== undefined) {
      const { replayed } = outcome;
      log.info({ ...who(call), ...what(subject), replayed, traceparent: call.traceparent }, 'audit');
    }
    return outcome;
  };
}

/** The caller by its credentials, or where callers have no names the address that it called from. */
function who({ caller, client }: Call) {
  return caller === ANONYMOUS ? { address: client } : { caller };
}

/** An id is a text, since many readers of JSON round large numbers. */
function what(subject: Subject) {
  if ('orderId' in subject) return { orderID: `${subject.orderId}` };
  const { skus } = subject;
  return { skus: skus.slice(0, AUDIT_SKUS_MAX), skuCount: skus.length };
}
