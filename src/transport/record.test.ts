/** What /metrics shows before anything has happened. */
import { expect, test } from 'vitest';
import { Metrics } from '../telemetry/metrics.ts';
import { failureReasons, RequestRecord } from './record.ts';

const linesOf = async (metrics: Metrics, name: string) => {
  const { body } = await metrics.render('');
  return body.split('\n').filter((line) => line.startsWith(name));
};

test('a gauge that was never set is not shown, and then it is', async () => {
  const metrics = new Metrics();
  expect(await linesOf(metrics, 'loms_keys_usable')).toEqual([]);
  metrics.gauge('loms_keys_usable').set(0);
  expect(await linesOf(metrics, 'loms_keys_usable')).toEqual(['loms_keys_usable 0']);
});

test('the counters that alerts watch are shown before the first refusal', async () => {
  const metrics = new Metrics();
  new RequestRecord({
    ...{ metrics, transport: 'REST', operation: 'createOrder' },
    durations: metrics.histogram('http_server_request_duration_seconds'),
    attributesOf: () => ({}),
    statusOf: () => '200',
  });
  const labels = 'transport="REST",operation="createOrder"';
  expect(await linesOf(metrics, 'loms_refusals_total')).toEqual(
    [...failureReasons, 'QUEUE_FULL'].map((reason) => `loms_refusals_total{${labels},reason="${reason}"} 0`),
  );
});
