import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../../test/support/http-app.ts';
import type { Reason } from '../domain/errors.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { startSampling } from './console-samples.ts';
import { type Closers, closeAll } from './lifecycle.ts';

const closers: Closers = [];

beforeEach(() => void vi.useFakeTimers());

afterEach(async () => {
  await closeAll(closers);
  vi.useRealTimers();
});

/** A sample of what was recorded within about a second, by the names of its columns. */
async function sampleOf(record: (metrics: Metrics) => void): Promise<Record<string, number>> {
  const metrics = new Metrics();
  const samples = await startSampling([], { metrics, logger: silent, closers });
  await vi.advanceTimersByTimeAsync(1_000);
  const begin = samples.end;
  record(metrics);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(samples.end).toBe(begin + 1);
  const [[, ...values]] = JSON.parse(samples.print(begin, samples.end));
  return Object.fromEntries(samples.columns.map((name, index) => [name, Math.round(values[index] ?? 0)]));
}

function succeed(metrics: Metrics, route: string, method: string, transport: 'REST' | 'gRPC'): void {
  const [name, labels] =
    transport === 'REST'
      ? ([
          'http_server_request_duration_seconds',
          { http_route: route, http_response_status_code: '200' },
        ] as const)
      : ([
          'rpc_server_call_duration_seconds',
          { rpc_method: method, rpc_response_status_code: 'OK' },
        ] as const);
  metrics.histogram(name).of(labels).record(0.002);
}

function refuse(metrics: Metrics, operation: string, reason: Reason): void {
  metrics.counter('loms_refusals_total').inc({ transport: 'REST', operation, reason });
}

test('a sample counts what was done to orders, over both transports', async () => {
  const sample = await sampleOf((metrics) => {
    succeed(metrics, '/order/create', '', 'REST');
    succeed(metrics, '/order/create', '', 'REST');
    succeed(metrics, '', 'loms.order.v1.OrderService/CreateOrder', 'gRPC');
    succeed(metrics, '/order/pay', '', 'REST');
    succeed(metrics, '', 'loms.order.v1.OrderService/PayOrder', 'gRPC');
    succeed(metrics, '', 'loms.order.v1.OrderService/CancelOrder', 'gRPC');
    succeed(metrics, '/stock/info/{sku}', '', 'REST');
  });
  expect(sample).toMatchObject({ 'orders.created': 3, 'orders.payed': 2, 'orders.cancelled': 1 });
  expect(sample).toMatchObject({ 'orders.extended': 0, 'orders.failed': 0, 'orders.expired': 0 });
});

test('refusals are counted by what an operator does about them', async () => {
  const sample = await sampleOf((metrics) => {
    refuse(metrics, 'createOrder', fixedRefusals.queueFull.reason);
    refuse(metrics, 'createOrder', 'INSUFFICIENT_STOCK');
    refuse(metrics, 'adjustStock', 'STOCK_CHANGED');
    refuse(metrics, 'payOrder', 'ORDER_NOT_FOUND');
    refuse(metrics, 'payOrder', 'OUTCOME_UNKNOWN');
    metrics.counter('loms_background_rows_total').inc({ task: 'expire-orders' }, 5);
  });
  expect(sample).toMatchObject({ 'refusals.overload': 1, 'refusals.state': 3, 'refusals.unavailable': 1 });
  expect(sample).toMatchObject({ 'refusals.invalid': 0, 'refusals.access': 0, 'refusals.internal': 0 });
  expect(sample).toMatchObject({ 'orders.failed': 1, 'orders.expired': 5 });
});
