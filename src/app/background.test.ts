import { expect, onTestFinished, test, vi } from 'vitest';
import { silent } from '../../test/support/http-app.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { backgroundConnections, createAudits, createWorkers } from './background.ts';

const unused = () => Promise.reject(new Error('no worker runs here'));

test.each([
  { orderRetentionMs: 0, ledgerRetentionMs: 0 },
  { orderRetentionMs: 1, ledgerRetentionMs: 0 },
  { orderRetentionMs: 0, ledgerRetentionMs: 1 },
  { orderRetentionMs: 1, ledgerRetentionMs: 1 },
])('each worker has a connection, beside five for the rest: %o', (retention) => {
  const config = { ...retention, eventRetentionMs: 1 };
  const parts = { metrics: new Metrics(), logger: silent, closers: [] };
  const workers = createWorkers(config, { read: unused, write: unused }, parts);
  expect(backgroundConnections(config)).toBe(workers.length + 5);
});

test('the stock is audited after each interval, and not at the start', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const start = vi.fn();
  const parts = { metrics: new Metrics(), logger: silent, closers: [] };
  const audits = createAudits({ start }, 60_000, parts);
  await audits.start();
  expect(start).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(60_001);
  expect(start).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_001);
  expect(start).toHaveBeenCalledTimes(2);
  await audits.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(start).toHaveBeenCalledTimes(2);
});
