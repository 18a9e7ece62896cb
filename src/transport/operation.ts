/**
 * THE pipeline: every request of both transports goes through `perform` once, from its admission to its
 * outcome. What is to happen with every request (a log line, a metric, a span) belongs here.
 */
import type { Logger } from 'pino';
import { type Authenticate, admit, type Identity } from '../domain/access.ts';
import { ANONYMOUS, type Call, type RequestTrace } from '../domain/call.ts';
import { failureCodes, reasons } from '../domain/errors.ts';
import type { Loms, ServedName } from '../domain/operations.ts';
import { accepted, type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import type { RequestRecord } from './record.ts';
import type { RequestLog } from './request-log.ts';

/** What `app/app.ts` gives to both transports. */
export interface TransportContext {
  readonly loms: Loms;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly requestLog: RequestLog;
  /** Without it no spans are recorded. */
  readonly tracer?: Tracer | undefined;
  /** For everything that a request waits for; its clock is that of all deadlines. */
  readonly deadlines: Deadlines;
  /** The most time that a request gets, in milliseconds, also when its client would wait longer. */
  readonly requestTimeoutMs: number;
  /** Checks credentials; without it everybody may do everything. */
  readonly authenticate?: Authenticate | undefined;
}

/** What a transport knows of a request before it reads it. */
export interface Incoming {
  /** On the clock of `TransportContext.deadlines`, in milliseconds. */
  readonly deadlineMs: number;
  readonly authorization: string | undefined;
  /** As it was sent, if it was sent. */
  readonly idempotencyKey: string | undefined;
  /** The address that it came from. */
  readonly address: string;
  disconnected(): boolean;
}

/** Reads and validates a request; what does not arrive by the deadline is refused. */
export type Read<Source, Request> = (
  source: Source,
  deadlineMs: number,
  deadlines: Deadlines,
) => Outcome<Request> | Promise<Outcome<Request>>;

/** An operation as a transport serves it. `Source` holds the request, `Printed` is the encoded reply. */
export interface Handler<Source, Request, Value, Printed> {
  readonly read: Read<Source, Request>;
  run(request: Request, call: Call): Promise<Outcome<Value>>;
  print(value: Value): Printed;
}

/** What is served under a name, and how its requests are recorded. */
export interface Served {
  readonly name: ServedName;
  readonly transport: 'REST' | 'gRPC';
  readonly record: RequestRecord;
}

/** A handler in a table of handlers: the types of its request and its value are its own matter. */
export type AnyHandler<Source, Printed> = Handler<Source, unknown, unknown, Printed>;

const tooLate = refused(fixedRefusals.deadlineExceeded);

/**
 * Performs a request: admits its caller, reads it, runs it, prints its value.
 *
 * @param trace of the request; whatever is answered carries its `requestId`.
 * @param readCall reads the request's call, or refuses it.
 * @returns the printed value or the refusal. It never rejects: a bug is logged and becomes INTERNAL.
 */
export async function perform<Source, Printed>(
  context: TransportContext,
  served: Served,
  handler: AnyHandler<Source, Printed>,
  trace: RequestTrace,
  readCall: () => Outcome<Incoming>,
  source: Source,
): Promise<Outcome<Printed>> {
  const { logger, deadlines } = context;
  const { name, record } = served;
  const startMs = deadlines.now();
  let outcome: Outcome<Printed>;
  let admitted: Call | undefined;
  try {
    // Most requests are admitted and read synchronously. An await for each of these steps, or another async
    // function around them, shows in a profile.
    const admitting = admitCall(context, name, trace, readCall());
    const call = admitting instanceof Promise ? await admitting : admitting;
    if (call.ok) {
      admitted = call.value;
      const reading = handler.read(source, call.value.deadlineMs, deadlines);
      const request = reading instanceof Promise ? await reading : reading;
      outcome = request.ok ? printed(handler, await handler.run(request.value, call.value)) : request;
    } else outcome = call;
  } catch (error) {
    logger.error({ err: error, traceId: trace.traceId, operation: name }, 'request failed: this is a bug');
    outcome = refused(fixedRefusals.internal);
  }
  const durationMs = deadlines.now() - startMs;
  record.done(outcome, durationMs);
  context.requestLog.done(served, trace, admitted, outcome, durationMs);
  if (trace.isSampled) recordSpan(context, served, trace, outcome, startMs, durationMs);
  return outcome;
}

function recordSpan(
  { tracer }: TransportContext,
  { name, record }: Served,
  trace: RequestTrace,
  outcome: Outcome<unknown>,
  startMs: number,
  durationMs: number,
): void {
  const reason = outcome.ok ? undefined : outcome.refusal.reason;
  const isFault = reason !== undefined && failureCodes.has(reasons[reason]);
  tracer?.recordRequest({
    name,
    ids: trace,
    parent: trace.parent,
    startMs,
    endMs: startMs + durationMs,
    attributes: { ...record.attributesOf(outcome), ...(reason && { 'error.type': reason }) },
    links: trace.batch ? [trace.batch] : [],
    fault: isFault ? reason : undefined,
  });
}

function printed<Source, Printed>(
  handler: AnyHandler<Source, Printed>,
  outcome: Outcome<unknown>,
): Outcome<Printed> {
  return outcome.ok ? { ...outcome, value: handler.print(outcome.value) } : outcome;
}

/** Admits the caller of a request by its deadline, also while its credentials are being checked. */
function admitCall(
  { authenticate, deadlines }: TransportContext,
  name: ServedName,
  trace: RequestTrace,
  incoming: Outcome<Incoming>,
): Outcome<Call> | Promise<Outcome<Call>> {
  if (!incoming.ok) return incoming;
  if (authenticate === undefined) return accepted(new AdmittedCall(incoming.value, trace, anybody));
  const admitted = (caller: Outcome<Identity>): Outcome<Call> => {
    const admission = admit(caller, name);
    return admission.ok ? accepted(new AdmittedCall(incoming.value, trace, admission.value)) : admission;
  };
  const identity = authenticate(incoming.value.authorization);
  return identity instanceof Promise
    ? deadlines.settleBy(identity, tooLate, incoming.value.deadlineMs).then(admitted)
    : admitted(identity);
}

const anybody = { name: ANONYMOUS, endMs: Number.POSITIVE_INFINITY };

/** A class, because functions that are made for every call show in a profile. */
class AdmittedCall implements Call {
  readonly deadlineMs: number;
  readonly caller: string;
  readonly client: string;
  readonly credentialsEndMs: number;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
  readonly trace: RequestTrace;
  readonly #incoming: Incoming;

  constructor(
    incoming: Incoming,
    trace: RequestTrace,
    { name: caller, endMs }: Pick<Identity, 'name' | 'endMs'>,
  ) {
    this.deadlineMs = incoming.deadlineMs;
    this.caller = caller;
    this.credentialsEndMs = endMs;
    this.client = caller === ANONYMOUS ? incoming.address : caller;
    this.idempotencyKey = incoming.idempotencyKey;
    this.traceparent = trace.parent;
    this.trace = trace;
    this.#incoming = incoming;
  }

  disconnected(): boolean {
    return this.#incoming.disconnected();
  }
}
