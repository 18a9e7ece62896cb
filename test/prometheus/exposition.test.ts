/** What a running service shows to a scraper that knows no OpenMetrics. */
import { expect, test } from 'vitest';
import { useService } from '../support/service.ts';
import { promtool } from './promtool.ts';

const { database, service } = useService({ PROBE_PORT: '0' });

test('promtool finds nothing to correct in a real scrape', async () => {
  await database.query('INSERT INTO stocks VALUES (7, 100, 0)');
  const request = { user: 1n, items: [{ sku: 7, count: 1 }] };
  for (const client of [service.rest, service.grpc]) await client.call('createOrder', request);
  const scrape = await fetch(`http://127.0.0.1:${service.app.probePort}/metrics`);
  const text = await scrape.text();
  expect(text).toContain('\nrpc_server_call_duration_seconds_count{');
  promtool(['check', 'metrics'], text);
});
