/**
 * THE register of metrics: their names, labels, and how many series each can have at most. `docs/metrics.md`
 * is made from it by `make generate`. Those of the process (`process_*`, `nodejs_*`) are prom-client's own.
 *
 * No label holds what a caller sends. Operations, reasons, stages and routes are closed lists, nodes are
 * those of the configuration.
 */

/** In seconds: from half a millisecond to the longest time limit. */
const DURATION_BOUNDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Requests in a batch. */
const SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** The most label sets: a closed list, or the factors of it in words. */
  readonly most: number | string;
  readonly bounds?: readonly number[];
}

const perNode = { labels: ['node'], most: 'nodes' } as const;
const perOperation = { labels: ['operation'], most: 'operations' } as const;
const single = { labels: [], most: 1 } as const;

export const definitions = {
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the head of a REST request, of a pipelined one from its start, to its outcome.',
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
    most: 'operations x statuses',
    bounds: DURATION_BOUNDS,
  },
  rpc_server_call_duration_seconds: {
    type: 'histogram',
    help: 'Time from the message of a gRPC call to its outcome.',
    labels: ['rpc_system_name', 'rpc_method', 'rpc_response_status_code'],
    most: 'operations x codes',
    bounds: DURATION_BOUNDS,
  },
  loms_refusals_total: {
    type: 'counter',
    help: 'Requests that were refused, by the reason that the caller got.',
    labels: ['transport', 'operation', 'reason'],
    most: '2 x operations x reasons',
  },
  loms_replays_total: {
    type: 'counter',
    help: 'Requests that did not run, because one with their idempotency key had run before.',
    labels: ['transport', 'operation'],
    most: '2 x operations',
  },
  loms_queue_requests: { type: 'gauge', help: 'Requests that wait for a batch.', ...perOperation },
  loms_queue_age_seconds: {
    type: 'gauge',
    help: 'For how long the oldest of them has waited.',
    ...perOperation,
  },
  loms_running_batches: { type: 'gauge', help: 'Batches that run.', ...perOperation },
  loms_batch_requests: {
    type: 'histogram',
    help: 'Requests in a batch.',
    ...perOperation,
    bounds: SIZE_BOUNDS,
  },
  loms_batch_stage_duration_seconds: {
    type: 'histogram',
    help:
      'Time of each stage of a batch. wait: its oldest request in the queue; connect: for a connection; ' +
      'lock: until what it locks and reads is there; decide: without the database; write: until its last ' +
      'statement is done; commit: until the replica confirms. A read has wait and read.',
    labels: ['operation', 'stage'],
    most: 'operations x stages',
    bounds: DURATION_BOUNDS,
  },
  loms_batch_failures_total: {
    type: 'counter',
    help: 'Batches that failed as a whole, by the reason that their callers got.',
    labels: ['operation', 'reason'],
    most: 'operations x 4',
  },
  loms_transaction_retries_total: {
    type: 'counter',
    help: 'Transactions that ran again after the server had rolled them back, such as for a deadlock.',
    ...perOperation,
  },
  loms_event_readers: { type: 'gauge', help: 'Readers of the feed that are connected or wait.', ...single },
  loms_node_up: { type: 'gauge', help: '1 where a node is fit for use.', ...perNode },
  loms_node_unhealthy: {
    type: 'gauge',
    help: '1 with the reason why a node is not fit for use; nothing where it is.',
    labels: ['node', 'reason'],
    most: 'nodes x reasons of `/readyz`',
  },
  loms_node_primary: {
    type: 'gauge',
    help: '1 at the primary that writes go to, also while it only does not answer.',
    ...perNode,
  },
  loms_node_replay_lag_seconds: {
    type: 'gauge',
    help: 'For how long WAL that the node has received waits for its replay.',
    ...perNode,
  },
  loms_node_clock_ahead_seconds: {
    type: 'gauge',
    help: "How far the node's clock is ahead of this instance's.",
    ...perNode,
  },
  loms_node_reads_total: { type: 'counter', help: 'Reads that the node has answered.', ...perNode },
  loms_node_hedges_total: {
    type: 'counter',
    help: 'Reads that another node got too, because this one was slow.',
    ...perNode,
  },
  loms_pool_connections: {
    type: 'gauge',
    help: 'Connections to the node.',
    labels: ['node', 'state'],
    most: '2 x nodes',
  },
  loms_pool_waiting: { type: 'gauge', help: 'Work that waits for a connection to the node.', ...perNode },
  loms_ready: { type: 'gauge', help: '1 where `/readyz` succeeds.', ...single },
  loms_writable: { type: 'gauge', help: '1 where writes are accepted and confirmed.', ...single },
  loms_confirming_replicas: {
    type: 'gauge',
    help: 'Replicas that confirm each commit, as the primary is configured.',
    ...single,
  },
  loms_open_orders: { type: 'gauge', help: 'Orders that hold stock; counted up to 100,000.', ...single },
  loms_expiry_lag_seconds: {
    type: 'gauge',
    help: 'For how long the oldest reservation that has ended waits for its release.',
    ...single,
  },
  loms_feed_lag_seconds: {
    type: 'gauge',
    help: 'For how long the oldest committed event waits for its publication.',
    ...single,
  },
  loms_background_rows_total: {
    type: 'counter',
    help: 'What background tasks have done: orders released, batches published, rows removed.',
    labels: ['task'],
    most: 'tasks',
  },
  loms_background_failures_total: {
    type: 'counter',
    help: 'Runs of background tasks that failed.',
    labels: ['task'],
    most: 'tasks',
  },
  loms_audit_findings: { type: 'gauge', help: 'What the last audit of the stock found.', ...single },
  loms_audit_age_seconds: {
    type: 'gauge',
    help: 'The time since the last audit that did not fail.',
    ...single,
  },
  loms_keys_age_seconds: { type: 'gauge', help: "The time since the issuer's keys were read.", ...single },
  loms_keys_usable: { type: 'gauge', help: '1 where tokens can be checked.', ...single },
  loms_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the TLS certificate ends, in seconds since the epoch.',
    ...single,
  },
  loms_build_info: {
    type: 'gauge',
    help: 'Always 1; its labels are the versions.',
    labels: ['version', 'node_version'],
    most: 1,
  },
} as const satisfies Record<string, MetricDefinition>;

type Definitions = typeof definitions;

/** The names of one type of metric. */
export type MetricName<Type extends MetricDefinition['type']> = {
  [Name in keyof Definitions]: Definitions[Name]['type'] extends Type ? Name : never;
}[keyof Definitions];
