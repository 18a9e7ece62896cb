/** The access log: which requests it shows, and its bound. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { RequestTrace } from '../domain/call.ts';
import { accepted, type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals, orderNotFound } from '../domain/refusals.ts';
import { LINES_PER_SECOND_MAX, RequestLog } from './request-log.ts';
import { traceOf } from './traceparent.ts';

const served = { name: 'createOrder', transport: 'REST' };
const fault = refused(fixedRefusals.databaseUnavailable);
const overload = refused(fixedRefusals.queueFull);
const success = accepted(undefined);
const callersFault = refused(orderNotFound(1n));

/** The traces with the lowest and the highest id of those that a share is taken of. */
const [low, high] = ['0', 'f'].map((digit) => traceOf(`00-1${digit.repeat(31)}-b7ad6b7169203331-00`));

function setUp({ level = 'info', errors = true, share = 0 } = {}) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const clock = { nowMs: 0 };
  const log = new RequestLog({ logger, errors, share, now: () => clock.nowMs });
  const done = (outcome: Outcome<unknown>, trace: RequestTrace = traceOf(undefined)) =>
    log.done(served, trace, undefined, outcome, 1.5);
  return { lines, clock, done };
}

test('requests are logged whose code shows a fault or an overload, without a share', () => {
  const { lines, done } = setUp();
  for (const outcome of [success, fault, callersFault, overload]) done(outcome);
  expect(lines).toMatchObject([
    { level: 40, operation: 'createOrder', reason: 'DATABASE_UNAVAILABLE', durationMs: 1.5 },
    { level: 40, reason: 'QUEUE_FULL' },
  ]);
});

test('in an outage a bounded number of lines is logged each second, and the rest is counted', () => {
  const { lines, clock, done } = setUp();
  for (let count = 0; count < LINES_PER_SECOND_MAX + 50; count++) done(fault);
  expect(lines).toHaveLength(LINES_PER_SECOND_MAX);
  clock.nowMs = 1_000;
  done(fault);
  done(fault);
  expect(lines.slice(LINES_PER_SECOND_MAX).map(({ suppressed }) => suppressed)).toEqual([50, undefined]);
});

test('a share is taken by the trace id, of all requests, without that bound', () => {
  const { lines, done } = setUp({ errors: false, share: 0.5 });
  for (let count = 0; count < 2 * LINES_PER_SECOND_MAX; count++) done(fault, high);
  done(success, high);
  for (const outcome of [fault, success]) done(outcome, low);
  expect(lines).toHaveLength(2 * LINES_PER_SECOND_MAX + 1);
  expect(lines.at(-1)).toMatchObject({ level: 30, reason: 'OK', requestId: high?.requestId });
});

test('at level debug every request is logged, also where no error is to be', () => {
  const { lines, done } = setUp({ level: 'debug', errors: false });
  done(success);
  done(callersFault);
  expect(lines.map(({ reason }) => reason)).toEqual(['OK', 'ORDER_NOT_FOUND']);
});
