/**
 * Writes the dashboard of Grafana from the table of panels below. Its types are Grafana's own.
 *
 *     tsx scripts/generate/dashboard.ts           writes it
 *     tsx scripts/generate/dashboard.ts --check   fails when it is stale
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Dashboard, Panel, RowPanel } from '@grafana/schema';
import { settle } from './staged.ts';

const page = 'deploy/grafana/dashboards/loms.json';
const staged = 'build/dashboard.json';

/** The schema of Grafana 12 and 13. */
const SCHEMA_VERSION = 42;
/** Of the grid, which has 24 columns: three panels in a row. */
const COLUMNS = 24;
const WIDTH = COLUMNS / 3;
const HEIGHT = 8;

/** The one that is chosen at the top of the dashboard. */
const datasource = { type: 'prometheus', uid: '$datasource' };
/** The instances that are chosen. */
const chosen = 'job="loms",instance=~"$instance"';

interface Chart {
  readonly title: string;
  readonly description?: string;
  readonly unit: string;
  /** PromQL by legend. `#` stands for the labels of the chosen instances. */
  readonly series: Readonly<Record<string, string>>;
  readonly stack?: boolean;
}

const rate = (metric: string, by: string, labels = '') =>
  `sum by (${by}) (rate(${metric}{#${labels}}[$__rate_interval]))`;

const quantile = (q: number, metric: string, by: string, labels = '') =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket{#${labels}}[$__rate_interval])))`;

const latest = (metric: string, aggregate: string, by: string) => `${aggregate} by (${by}) (${metric}{#})`;

const REST = 'http_server_request_duration_seconds';
const GRPC = 'rpc_server_call_duration_seconds';
const STAGES = 'loms_batch_stage_duration_seconds';

const latencies = (title: string, metric: string, by: string): Chart => ({
  title,
  unit: 's',
  series: { [`p50 {{${by}}}`]: quantile(0.5, metric, by), [`p99 {{${by}}}`]: quantile(0.99, metric, by) },
});

const charts: Readonly<Record<string, readonly Chart[]>> = {
  Requests: [
    {
      title: 'Requests by outcome',
      unit: 'reqps',
      stack: true,
      series: {
        'REST {{http_response_status_code}}': rate(`${REST}_count`, 'http_response_status_code'),
        'gRPC {{rpc_response_status_code}}': rate(`${GRPC}_count`, 'rpc_response_status_code'),
      },
    },
    {
      title: 'Refusals by reason',
      unit: 'reqps',
      series: { '{{reason}}': `${rate('loms_refusals_total', 'reason')} > 0` },
    },
    {
      title: 'Failed requests, against the objective',
      description: 'The objective is 0.1 %.',
      unit: 'percentunit',
      series: {
        '1 hour': 'job:loms_failures:ratio_rate1h',
        '6 hours': 'job:loms_failures:ratio_rate6h',
        '3 days': 'job:loms_failures:ratio_rate3d',
      },
    },
    latencies('Latency over REST', REST, 'http_route'),
    latencies('Latency over gRPC', GRPC, 'rpc_method'),
    {
      title: 'Slow creates, against the objective',
      description: 'Longer than 250 ms; the objective is 1 %.',
      unit: 'percentunit',
      series: {
        '1 hour': 'job:loms_creates_slow:ratio_rate1h',
        '6 hours': 'job:loms_creates_slow:ratio_rate6h',
        '3 days': 'job:loms_creates_slow:ratio_rate3d',
      },
    },
  ],
  Batches: [
    {
      title: 'Queue',
      unit: 'short',
      series: { '{{operation}}': `${latest('loms_queue_requests', 'sum', 'operation')} > 0` },
    },
    {
      title: 'Age of the oldest request in the queue',
      unit: 's',
      series: { '{{operation}}': latest('loms_queue_age_seconds', 'max', 'operation') },
    },
    {
      title: 'Requests in a batch',
      unit: 'short',
      series: {
        'mean {{operation}}':
          `${rate('loms_batch_requests_sum', 'operation')} / ` +
          rate('loms_batch_requests_count', 'operation'),
        'p99 {{operation}}': quantile(0.99, 'loms_batch_requests', 'operation'),
      },
    },
    {
      title: 'Stages of a create',
      description: 'Means: what a batch of creates spends its time on.',
      unit: 's',
      stack: true,
      series: {
        '{{stage}}':
          `${rate(`${STAGES}_sum`, 'stage', ',operation="createOrder"')} / ` +
          rate(`${STAGES}_count`, 'stage', ',operation="createOrder"'),
      },
    },
    {
      title: 'Wait for the confirmation of commits',
      unit: 's',
      series: {
        p50: quantile(0.5, STAGES, 'job', ',stage="commit"'),
        p99: quantile(0.99, STAGES, 'job', ',stage="commit"'),
      },
    },
    {
      title: 'Retries, failed batches and replays',
      unit: 'cps',
      series: {
        'retried {{operation}}': `${rate('loms_transaction_retries_total', 'operation')} > 0`,
        'failed {{operation}}: {{reason}}': `${rate('loms_batch_failures_total', 'operation, reason')} > 0`,
        'replayed {{operation}}': `${rate('loms_replays_total', 'operation')} > 0`,
      },
    },
  ],
  Database: [
    {
      title: 'Nodes',
      description: '2 is the primary, 1 a healthy replica, 0 is not used.',
      unit: 'short',
      series: { '{{instance}} {{node}}': 'loms_node_up{#} + loms_node_up{#} * loms_node_primary{#}' },
    },
    {
      title: 'Writes, readiness, confirming replicas',
      unit: 'short',
      series: {
        'ready {{instance}}': latest('loms_ready', 'min', 'instance'),
        'writable {{instance}}': latest('loms_writable', 'min', 'instance'),
        'confirming replicas {{instance}}': latest('loms_confirming_replicas', 'min', 'instance'),
      },
    },
    {
      title: 'Replay lag',
      unit: 's',
      series: { '{{node}}': latest('loms_node_replay_lag_seconds', 'max', 'node') },
    },
    {
      title: 'Connections',
      unit: 'short',
      series: {
        '{{state}} {{node}}': latest('loms_pool_connections', 'sum', 'node, state'),
        'waiting {{node}}': latest('loms_pool_waiting', 'sum', 'node'),
      },
    },
    {
      title: 'Reads and hedged reads',
      unit: 'reqps',
      series: {
        '{{node}}': rate('loms_node_reads_total', 'node'),
        'hedged {{node}}': rate('loms_node_hedges_total', 'node'),
      },
    },
    {
      title: 'Clocks of the nodes ahead of the instances',
      unit: 's',
      series: { '{{instance}} {{node}}': 'loms_node_clock_ahead_seconds{#}' },
    },
  ],
  Work: [
    { title: 'Open orders', unit: 'short', series: { open: latest('loms_open_orders', 'max', 'job') } },
    {
      title: 'Lag of expiry and of the feed',
      unit: 's',
      series: {
        expiry: latest('loms_expiry_lag_seconds', 'max', 'job'),
        feed: latest('loms_feed_lag_seconds', 'max', 'job'),
      },
    },
    {
      title: 'Background work',
      unit: 'cps',
      series: {
        '{{task}}': `${rate('loms_background_rows_total', 'task')} > 0`,
        'failed {{task}}': `${rate('loms_background_failures_total', 'task')} > 0`,
      },
    },
    {
      title: 'Faults that the last audit found',
      unit: 'short',
      series: { '{{instance}}': 'loms_audit_findings{#}' },
    },
    { title: 'Age of the last audit', unit: 's', series: { '{{instance}}': 'loms_audit_age_seconds{#}' } },
    { title: 'Readers of events', unit: 'short', series: { '{{instance}}': 'loms_event_readers{#}' } },
  ],
  Process: [
    {
      title: 'Event loop lag, p99',
      unit: 's',
      series: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{#}' },
    },
    {
      title: 'Memory',
      unit: 'bytes',
      series: {
        'resident {{instance}}': 'process_resident_memory_bytes{#}',
        'heap {{instance}}': 'nodejs_heap_size_used_bytes{#}',
      },
    },
    {
      title: 'Garbage collection',
      description: 'The share of time.',
      unit: 'percentunit',
      series: { '{{instance}} {{kind}}': rate('nodejs_gc_duration_seconds_sum', 'instance, kind') },
    },
    {
      title: 'Processor',
      unit: 'percentunit',
      series: { '{{instance}}': rate('process_cpu_seconds_total', 'instance') },
    },
    {
      title: 'Restarts',
      description: 'Within the last hour, with the version that runs.',
      unit: 'short',
      series: {
        '{{instance}} {{version}}':
          'changes(process_start_time_seconds{#}[1h])' +
          ' + on (instance) group_left (version) (0 * loms_build_info{#})',
      },
    },
    {
      title: 'Time to the end of certificates, age of keys',
      unit: 's',
      series: {
        'certificate {{instance}}': 'loms_certificate_expiry_timestamp_seconds{#} - time()',
        'keys {{instance}}': 'loms_keys_age_seconds{#}',
        'keys are usable {{instance}}': 'loms_keys_usable{#}',
      },
    },
  ],
};

function panelOf(
  { title, description, unit, series, stack = false }: Chart,
  id: number,
  { x, y }: { x: number; y: number },
): Panel {
  const custom = stack ? { fillOpacity: 30, stacking: { group: 'A', mode: 'normal' } } : {};
  return {
    id,
    type: 'timeseries',
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    gridPos: { x, y, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, custom: { showPoints: 'never', ...custom } }, overrides: [] },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: Object.entries(series).map(([legendFormat, expr], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource,
      editorMode: 'code',
      range: true,
      expr: expr.replaceAll('#', chosen),
      legendFormat,
    })),
  };
}

/** Rows of three panels, below the title of each section. */
function panels(): (Panel | RowPanel)[] {
  let y = 0;
  let id = 0;
  const placed: (Panel | RowPanel)[] = [];
  for (const [title, section] of Object.entries(charts)) {
    const gridPos = { x: 0, y: y++, w: COLUMNS, h: 1 };
    placed.push({ type: 'row', id: ++id, title, collapsed: false, gridPos, panels: [] });
    for (const [index, chart] of section.entries()) {
      placed.push(panelOf(chart, ++id, { x: (index % 3) * WIDTH, y }));
      if (index % 3 === 2) y += HEIGHT;
    }
  }
  return placed;
}

const dashboard: Dashboard = {
  uid: 'loms',
  title: 'loms',
  tags: ['loms'],
  schemaVersion: SCHEMA_VERSION,
  editable: true,
  graphTooltip: 1,
  time: { from: 'now-1h', to: 'now' },
  refresh: '10s',
  templating: {
    list: [
      { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
      {
        ...{ name: 'instance', label: 'Instance', type: 'query', datasource },
        query: 'label_values(loms_build_info{job="loms"}, instance)',
        ...{ refresh: 2, multi: true, includeAll: true, allValue: '.*', sort: 1 },
      },
    ],
  },
  panels: panels(),
};

mkdirSync('build', { recursive: true });
writeFileSync(staged, `${JSON.stringify(dashboard, undefined, 1)}\n`);
settle(staged, page);
