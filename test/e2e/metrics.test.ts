/** `/metrics` of a running service: what requests, batches, nodes and background tasks left in it. */
import { beforeAll, expect, test, vi } from 'vitest';
import { reasons } from '../../src/domain/errors.ts';
import { served } from '../../src/domain/operations.ts';
import { definitions, type MetricDefinition } from '../../src/telemetry/register.ts';
import { freePorts } from '../support/ports.ts';
import { useService } from '../support/service.ts';

const [PROBE_PORT = 0] = await freePorts(1);
const { database, service } = useService({ PROBE_PORT: String(PROBE_PORT) });

let samples: Map<string, number>;

/** Reads the samples by their name and labels, as they are printed. */
async function scrape(): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${PROBE_PORT}/metrics`);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => /^(http|rpc|loms)_/.test(line));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

const KEY = 'metrics';

beforeAll(async () => {
  const { rest, grpc } = service;
  const order = { user: 1n, items: [{ sku: 139275865, count: 40_000 }] };
  for (const client of [rest, grpc]) {
    await client.call('createOrder', order, { keys: [KEY] });
    await client.call('createOrder', order);
    await client.call('getStock', { sku: 139275865 });
  }
  samples = await scrape();
});

test('requests by operation and status, refusals by reason, and replays', () => {
  const route = 'http_request_method="POST",http_route="/order/create"';
  const rest = `http_server_request_duration_seconds_count{${route}`;
  expect(samples.get(`${rest},http_response_status_code="200"}`)).toBe(1);
  expect(samples.get(`${rest},http_response_status_code="400"}`)).toBe(1);
  const method = 'rpc_system_name="grpc",rpc_method="loms.order.v1.OrderService/CreateOrder"';
  const grpc = `rpc_server_call_duration_seconds_count{${method}`;
  expect(samples.get(`${grpc},rpc_response_status_code="OK"}`)).toBe(1);
  expect(samples.get(`${grpc},rpc_response_status_code="FAILED_PRECONDITION"}`)).toBe(1);
  for (const transport of ['REST', 'gRPC']) {
    const labels = `transport="${transport}",operation="createOrder"`;
    expect(samples.get(`loms_refusals_total{${labels},reason="INSUFFICIENT_STOCK"}`)).toBe(1);
  }
  expect(samples.get('loms_replays_total{transport="gRPC",operation="createOrder"}')).toBe(1);
});

test('batches by size and stage', () => {
  expect(samples.get('loms_batch_requests_sum{operation="createOrder"}')).toBe(4);
  for (const stage of ['wait', 'connect', 'lock', 'decide', 'write', 'commit']) {
    const labels = `operation="createOrder",stage="${stage}"`;
    expect(samples.get(`loms_batch_stage_duration_seconds_count{${labels}}`), stage).toBe(4);
    expect(samples.get(`loms_batch_stage_duration_seconds_sum{${labels}}`), stage).toBeGreaterThanOrEqual(0);
  }
  const read = 'loms_batch_stage_duration_seconds_sum{operation="getStock",stage="read"}';
  expect(samples.get(read)).toBeGreaterThan(0);
});

test('a create that searched for ended reservations is no retry', () => {
  expect(samples.get('loms_transaction_retries_total{operation="createOrder"}') ?? 0).toBe(0);
});

test('the state of the nodes, the feed and the background tasks', async () => {
  const node = new URL(database.primaryUrl).host;
  expect(samples.get(`loms_node_primary{node="${node}"}`)).toBe(1);
  expect(samples.get('loms_ready')).toBe(1);
  // That of the seeds and the one that was created, at the next look at what waits.
  await vi.waitFor(
    async () => {
      samples = await scrape();
      expect(samples.get('loms_open_orders')).toBe(2);
    },
    { timeout: 20_000, interval: 200 },
  );
  expect(samples.get('loms_feed_lag_seconds')).toBeLessThan(60);
  expect(samples.get('loms_background_rows_total{task="publish-events"}')).toBeGreaterThan(0);
});

test('each label has values of its closed list only', () => {
  const nodes = [database.primaryUrl, ...database.replicaUrls].map((url) => new URL(url).host);
  const closed: Record<string, readonly string[]> = {
    operation: Object.keys(served),
    reason: Object.keys(reasons),
    stage: ['wait', 'connect', 'lock', 'decide', 'write', 'commit', 'read'],
    transport: ['REST', 'gRPC'],
    node: nodes,
    state: ['used', 'idle'],
    task: [
      ...['publish-events', 'expire-orders', 'remove-events', 'remove-keys', 'observe-backlog'],
      ...['audit-stock', 'report-state', 'sample'],
    ],
  };
  const others = new Set<string>();
  for (const shown of samples.keys()) {
    for (const [, label = '', value] of shown.matchAll(/(\w+)="([^"]*)"/g)) {
      if (closed[label] === undefined) others.add(label);
      else expect(closed[label], shown).toContain(value);
    }
  }
  // The conventions' own, which tests of the transports look at, the versions and the bounds.
  const known = /^(http|rpc)_|^(node_)?version$|^le$/;
  expect([...others].filter((label) => !known.test(label))).toEqual([]);
});

test('each metric has the labels of the register, and none has what a caller has sent', () => {
  for (const [name, { type, labels }] of Object.entries<MetricDefinition>(definitions)) {
    const prefix = type === 'histogram' ? `${name}_` : name;
    const shown = [...samples.keys()].filter((each) => each.startsWith(prefix));
    if (shown.length === 0) continue;
    const names = new Set(shown.flatMap((each) => [...each.matchAll(/(\w+)="/g)].map(([, label]) => label)));
    names.delete('le');
    expect([...names].toSorted(), name).toEqual([...labels].toSorted());
    expect(shown.join(), name).not.toContain(KEY);
  }
});
