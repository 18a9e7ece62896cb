/** The audits of an instance: one at a time, at half the pace, ended at the stop. */
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { useLoms } from '../../test/support/database.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import type { AuditSource } from '../domain/stock/findings.ts';
import { StockAudit } from './audit-stock.ts';

const { database, router } = useLoms();

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (10, 100, 0)');
});

/** Each read takes 10 ms of the test's time. */
function audits(read: AuditSource['read'] = (work) => router.read(work)) {
  const clock = manualClock();
  const rests: number[] = [];
  const lines: string[] = [];
  const audit = new StockAudit({
    now: clock.now,
    read: async (work) => {
      const result = await read(work);
      clock.moveTo(clock.now() + 10);
      return result;
    },
    sleep: async (delayMs, signal) => {
      signal?.throwIfAborted();
      rests.push(delayMs);
      clock.moveTo(clock.now() + delayMs);
    },
    logger: pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) }),
  });
  const ended = async () => {
    while (audit.state.running) await new Promise(setImmediate);
    return audit.state.last;
  };
  return { audit, clock, rests, lines, ended };
}

test('before the first one there is no result; then there is, with its age', async () => {
  const { audit, clock, lines, ended } = audits();
  expect(audit.state).toEqual({ running: false, last: undefined });
  audit.start();
  expect(audit.state).toEqual({ running: true, last: undefined });
  const last = await ended();
  expect(last).toMatchObject({ ageMs: 0, report: { skus: 1, findingCount: 0 } });
  expect(last?.durationMs).toBeGreaterThan(0);
  clock.moveTo(clock.now() + 60_000);
  expect(audit.state.last).toEqual({ ...last, ageMs: 60_000 });
  expect(lines).toEqual(['the stock audit found nothing']);
});

test('it rests as long as each step took, and lets replicas catch up', async () => {
  const { audit, rests, ended } = audits();
  audit.start();
  await ended();
  expect(rests.filter((delayMs) => delayMs === 10).length).toBeGreaterThan(4);
  expect(rests.filter((delayMs) => delayMs !== 10)).toEqual([500]);
});

test('a second start while one runs starts nothing', async () => {
  let reads = 0;
  const counted = audits((work) => {
    reads++;
    return router.read(work);
  });
  counted.audit.start();
  await counted.ended();
  const readsOfOne = reads;
  counted.audit.start();
  counted.audit.start();
  await counted.ended();
  expect(reads).toBe(2 * readsOfOne);
});

test('what is found is logged as an error', async () => {
  await database.query('UPDATE stocks SET reserved = 5');
  const { audit, lines, ended } = audits();
  audit.start();
  expect(await ended()).toMatchObject({
    report: { findingCount: 1, findings: [{ finding: 'reserved', sku: 10 }] },
  });
  expect(lines).toEqual(['the stock audit found faults']);
});

test('one that fails has no report, and the next one has', async () => {
  let isDown = true;
  const { audit, clock, lines, ended } = audits((work) => {
    if (isDown) throw new Error('down');
    return router.read(work);
  });
  audit.start();
  expect(await ended()).toEqual({ ageMs: 0, durationMs: 0 });
  expect(audit.known).toBeUndefined();
  isDown = false;
  audit.start();
  expect(await ended()).toHaveProperty('report');
  expect(audit.known).toEqual({ ageMs: 0, findingCount: 0 });
  isDown = true;
  clock.moveTo(clock.now() + 60_000);
  audit.start();
  expect(await ended()).not.toHaveProperty('report');
  // What is known grows older, so an alert sees that audits fail.
  expect(audit.known).toEqual({ ageMs: 60_000, findingCount: 0 });
  expect(lines).toEqual([
    'the stock audit failed',
    'the stock audit found nothing',
    'the stock audit failed',
  ]);
});

test('a stop ends a running audit without a result, and none starts after it', async () => {
  const { audit, lines } = audits();
  audit.start();
  await audit.stop();
  expect(audit.state).toEqual({ running: false, last: undefined });
  audit.start();
  expect(audit.state.running).toBe(false);
  expect(lines).toEqual([]);
});
