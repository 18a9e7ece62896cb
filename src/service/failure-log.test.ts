/** What the log hears of failures, and how often. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { createFailureLog } from './failure-log.ts';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const clock = { nowMs: 0 };
  return { lines, clock, tell: createFailureLog(logger, () => clock.nowMs) };
}

test('an outage is told once a second, with how many failures were not told', () => {
  const { lines, clock, tell } = setUp();
  for (const timeMs of [0, 1, 999, 1_000]) {
    clock.nowMs = timeMs;
    tell('pay', timeMs % 2 === 0 ? new DatabaseUnavailable('down') : new OutcomeUnknown('lost'), 3);
  }
  expect(lines).toMatchObject([
    { kind: 'pay', size: 3, untold: 0, err: { message: 'down' } },
    { untold: 2, err: { message: 'down' } },
  ]);
});

test('anything else is told each time, also during an outage', () => {
  const { lines, tell } = setUp();
  tell('pay', new DatabaseUnavailable('down'), 1);
  tell('pay', new Error('a bug'), 1);
  tell('pay', new Error('a bug'), 1);
  expect(lines).toHaveLength(3);
});
