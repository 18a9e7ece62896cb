/** The log of batches, and its rate limit. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { TransactionTrace } from '../db/types.ts';
import { BatchLog } from './batch-log.ts';
import type { Batch } from './batcher.ts';

function setUp(slowBatchMs = 1_000) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const clock = { nowMs: 0 };
  return { lines, clock, log: new BatchLog({ logger, slowBatchMs, now: () => clock.nowMs }) };
}

function batchOf(statements: string[]): Batch {
  const trace = new TransactionTrace();
  trace.begin();
  trace.statements.push(...statements);
  const ways = { callers: () => [], rolledBack: () => {} };
  return { number: 17, size: 3, sinceMs: 0, beganMs: 0, trace, ...ways };
}

const batch = batchOf(['orders.orderLock', 'orders.orderTransition']);

test('an outage is logged once a second, with batch, statement, and the number of lines suppressed', () => {
  const { lines, clock, log } = setUp();
  for (const timeMs of [0, 1, 999, 1_000]) {
    clock.nowMs = timeMs;
    const error = timeMs % 2 === 0 ? new DatabaseUnavailable('down') : new OutcomeUnknown('lost');
    log.failed('payOrder', error, batch);
  }
  const common = { operation: 'payOrder', batch: 17, size: 3, statement: 'orders.orderTransition' };
  expect(lines).toMatchObject([
    { ...common, suppressed: 0, err: { message: 'down' } },
    { ...common, suppressed: 2, err: { message: 'down' } },
  ]);
});

test('any other failure is logged each time, even during an outage', () => {
  const { lines, log } = setUp();
  log.failed('payOrder', new DatabaseUnavailable('down'), batch);
  log.failed('payOrder', new Error('a bug'), batch);
  log.failed('payOrder', new Error('a bug'), batch);
  expect(lines).toHaveLength(3);
});

test('a slow batch is logged with its stages and statements, at most once a second', () => {
  const { lines, clock, log } = setUp();
  const stages = () => ({ wait: 1, commit: 990 });
  const runs = [
    [0, 999],
    [0, 1_000],
    [500, 5_000],
    [1_000, 2_000.4],
  ] as const;
  for (const [timeMs, runMs] of runs) {
    clock.nowMs = timeMs;
    log.done('payOrder', batch, runMs, stages);
  }
  const common = { level: 40, operation: 'payOrder', batch: 17, size: 3, attempts: 1, stagesMs: stages() };
  expect(lines).toMatchObject([
    { ...common, durationMs: 1_000, statements: [...batch.trace.statements], suppressed: 0 },
    { ...common, durationMs: 2_000, suppressed: 1 },
  ]);
});

test('0 logs no slow batch', () => {
  const { lines, log } = setUp(0);
  log.done('payOrder', batch, 60_000, () => ({}));
  expect(lines).toEqual([]);
});
