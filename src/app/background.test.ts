import { expect, test } from 'vitest';
import { silent } from '../../test/support/http-app.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { backgroundConnections, createWorkers } from './background.ts';

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
