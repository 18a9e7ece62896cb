/** The samples of the console: what they show, read from the metrics once a second. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Reason, reasons } from '../domain/errors.ts';
import type { ArrayHistogram } from '../telemetry/array-histogram.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { columnsOf, type Distribution, type Reading, Samples, sampleOf } from '../telemetry/samples.ts';
import { monotonicMs, wallClockMs } from '../timing/clock.ts';
import { startTask, type TaskParts } from './tasks.ts';

/** An operation by its REST path and its gRPC method. */
type Served = readonly [route: string, method: string];

const creates: Served = ['/order/create', 'loms.order.v1.OrderService/CreateOrder'];

const changes = {
  created: creates,
  payed: ['/order/pay', 'loms.order.v1.OrderService/PayOrder'],
  cancelled: ['/order/cancel', 'loms.order.v1.OrderService/CancelOrder'],
  extended: ['/order/extend', 'loms.order.v1.OrderService/ExtendOrder'],
} as const satisfies Record<string, Served>;

/** The reads that a shop's pages wait for. */
const reads: readonly Served[] = [
  ['/order/info/{order_id}', 'loms.order.v1.OrderService/GetOrder'],
  ['/stock/info/{sku}', 'loms.stock.v1.StockService/GetStock'],
  ['/stock/batch', 'loms.stock.v1.StockService/BatchGetStock'],
];

const stages = ['wait', 'lock', 'decide', 'write', 'commit'];

/** Codes of refusals, in the groups that an operator acts upon. */
const groups = {
  invalid: ['INVALID_ARGUMENT', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  state: ['FAILED_PRECONDITION', 'ABORTED', 'NOT_FOUND'],
  access: ['UNAUTHENTICATED', 'PERMISSION_DENIED'],
  overload: ['RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'],
  unavailable: ['UNAVAILABLE'],
  internal: ['INTERNAL'],
} as const;

interface Labelled {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
}

type Matches = (labels: Labelled['labels']) => boolean;

const isServed =
  (...served: readonly Served[]): Matches =>
  ({ http_route: route, rpc_method: method }) =>
    served.some((each) => each[0] === route || each[1] === method);

const isSuccess: Matches = ({ http_response_status_code: http, rpc_response_status_code: rpc }) =>
  http === '200' || rpc === 'OK';

function sum(values: readonly Labelled[], matches: Matches = () => true): number {
  return values.reduce((total, { value, labels }) => (matches(labels) ? total + value : total), 0);
}

/** Adds series of histograms with the same bounds up: a copy, which later records do not change. */
function collect(histograms: readonly ArrayHistogram[], matches: Matches): Distribution {
  const { bounds = [] } = histograms[0] ?? {};
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let total = 0;
  for (const series of histograms.flatMap((histogram) => histogram.series)) {
    if (!matches(series.labels)) continue;
    total += series.sum;
    for (const [bucket, count] of series.counts.entries()) counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return { bounds, counts, sum: total };
}

const requestsOf = (metrics: Metrics) => [
  metrics.histogram('http_server_request_duration_seconds'),
  metrics.histogram('rpc_server_call_duration_seconds'),
];

async function readTotals(metrics: Metrics): Promise<Reading['totals']> {
  const refused: readonly Labelled[] = (await metrics.counter('loms_refusals_total').get()).values;
  const done: readonly Labelled[] = (await metrics.counter('loms_background_rows_total').get()).values;
  const answered = Object.entries(changes).map(([name, served]) => {
    const isAnswered: Matches = (labels) => isServed(served)(labels) && isSuccess(labels);
    const { counts } = collect(requestsOf(metrics), isAnswered);
    return [`orders.${name}`, Array.from(counts).reduce((total, count) => total + count, 0)];
  });
  const isShort: Matches = ({ operation, reason }) =>
    operation === 'createOrder' && reason === 'INSUFFICIENT_STOCK';
  const refusals = Object.entries(groups).map(([group, codes]) => {
    const isOfGroup: Matches = ({ reason }) => codes.some((code) => code === reasons[reason as Reason]);
    return [`refusals.${group}`, sum(refused, isOfGroup)];
  });
  return Object.fromEntries([
    ...answered,
    ['orders.failed', sum(refused, isShort)],
    ['orders.expired', sum(done, ({ task }) => task === 'expire-orders')],
    ...refusals,
  ]);
}

type GaugeName = Parameters<Metrics['gauge']>[0];

const gauges = {
  queue: 'loms_queue_requests',
  openOrders: 'loms_open_orders',
  feedLag: 'loms_feed_lag_seconds',
  expiryLag: 'loms_expiry_lag_seconds',
  certificateEnd: 'loms_certificate_expiry_timestamp_seconds',
} as const satisfies Record<string, GaugeName>;

const nodeGauges = {
  up: 'loms_node_up',
  primary: 'loms_node_primary',
  lag: 'loms_node_replay_lag_seconds',
} as const satisfies Record<string, GaugeName>;

async function readGauges(metrics: Metrics, nodes: readonly string[]): Promise<Reading['gauges']> {
  metrics.collect();
  const read = async (column: string, name: GaugeName, matches?: Matches) =>
    [column, sum((await metrics.gauge(name).get()).values, matches)] as const;
  const ofService = Object.entries(gauges).map(([column, name]) => read(column, name));
  const ofNodes = nodes.flatMap((node) =>
    Object.entries(nodeGauges).map(([column, name]) =>
      read(`node.${node}.${column}`, name, (labels) => labels.node === node),
    ),
  );
  return Object.fromEntries(await Promise.all([...ofService, ...ofNodes]));
}

function readDistributions(metrics: Metrics): Reading['distributions'] {
  const requests = requestsOf(metrics);
  const durations = metrics.histogram('loms_batch_stage_duration_seconds');
  const isCreate: Matches = ({ operation }) => operation === 'createOrder';
  const ofStages = stages.map((stage) => {
    const isStage: Matches = (labels) => isCreate(labels) && labels.stage === stage;
    return [`stages.${stage}`, collect([durations], isStage)] as const;
  });
  return {
    creates: collect(requests, isServed(creates)),
    reads: collect(requests, isServed(...reads)),
    batches: collect([metrics.histogram('loms_batch_requests')], isCreate),
    ...Object.fromEntries(ofStages),
  };
}

/** How often the delay of the event loop is looked at. It includes this time, which is taken off. */
const LOOP_RESOLUTION_MS = 10;

const SCHEDULE = { intervalMs: 1_000, minGapMs: 1_000 };

/**
 * Takes a sample every second, until the app stops.
 *
 * @param nodes the names of the database's nodes.
 */
export async function startSampling(nodes: readonly string[], parts: TaskParts): Promise<Samples> {
  const { metrics, closers } = parts;
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  closers.push(async () => void loop.disable());
  const read = async (): Promise<Reading> => {
    // The longest delay since the last sample, in nanoseconds; without any it is a negative one.
    const eventLoop = Math.max(0, loop.max / 1e6 - LOOP_RESOLUTION_MS) / 1_000;
    loop.reset();
    return {
      totals: await readTotals(metrics),
      gauges: { eventLoop, ...(await readGauges(metrics, nodes)) },
      distributions: readDistributions(metrics),
    };
  };
  let before = await read();
  let beforeMs = monotonicMs();
  const samples = new Samples(columnsOf(before));
  const sample = async () => {
    const [after, afterMs] = [await read(), monotonicMs()];
    // The first run comes at once, and a rate needs some time.
    if (afterMs - beforeMs >= SCHEDULE.intervalMs / 2) {
      samples.add(wallClockMs(), sampleOf(before, after, afterMs - beforeMs));
      before = after;
      beforeMs = afterMs;
    }
    return undefined;
  };
  startTask('sample', SCHEDULE, sample, parts);
  return samples;
}
