/** The log of failures, and its rate limit. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { createFailureLog } from './failures.ts';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const clock = { nowMs: 0 };
  return { lines, clock, logFailure: createFailureLog(logger, () => clock.nowMs) };
}

test('an outage is logged once a second, with the number of lines suppressed', () => {
  const { lines, clock, logFailure } = setUp();
  for (const timeMs of [0, 1, 999, 1_000]) {
    clock.nowMs = timeMs;
    logFailure(
      'payOrder',
      timeMs % 2 === 0 ? new DatabaseUnavailable('down') : new OutcomeUnknown('lost'),
      3,
    );
  }
  expect(lines).toMatchObject([
    { operation: 'payOrder', size: 3, suppressed: 0, err: { message: 'down' } },
    { suppressed: 2, err: { message: 'down' } },
  ]);
});

test('any other failure is logged each time, even during an outage', () => {
  const { lines, logFailure } = setUp();
  logFailure('payOrder', new DatabaseUnavailable('down'), 1);
  logFailure('payOrder', new Error('a bug'), 1);
  logFailure('payOrder', new Error('a bug'), 1);
  expect(lines).toHaveLength(3);
});
