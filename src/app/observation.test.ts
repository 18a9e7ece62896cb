/** What /metrics shows of the parts. */
import { expect, test } from 'vitest';
import { Metrics } from '../telemetry/metrics.ts';
import { type Observed, observe, showBacklog } from './observation.ts';

const linesOf = async (metrics: Metrics) => (await metrics.render('')).body.split('\n');

const pool = { used: 3, idle: 4, waiting: 5 };
const node = { timeline: 1, cause: '', reads: 11, hedges: 12, pool };
const primary = {
  ...node,
  name: 'a:1',
  role: 'primary',
  healthy: true,
  reason: '',
  clockAheadMs: 1_500,
  replayLagMs: 0,
};
const replica = {
  ...node,
  name: 'b:2',
  role: 'replica',
  healthy: false,
  reason: 'replay lag',
  clockAheadMs: undefined,
  replayLagMs: 2_500,
};

/** A router with these nodes that can read and cannot write. */
const router = {
  writable: false,
  confirmedBy: 2,
  primary: { name: 'a:1' },
  status: () => [primary, replica],
} as unknown as Observed['router'];

test('the state of the parts is shown in the units of its names', async () => {
  const metrics = new Metrics();
  observe(metrics, {
    router,
    isReady: () => true,
    keys: () => ({ usable: false, readable: false, ageMs: 90_000 }),
    certificateEndMs: () => 1_800_000_000_000,
    audit: { known: { ageMs: 5_000, findingCount: 3 } },
  });
  const lines = await linesOf(metrics);
  for (const line of [
    'loms_ready 1',
    'loms_writable 0',
    'loms_confirming_replicas 2',
    'loms_keys_usable 0',
    'loms_keys_age_seconds 90',
    'loms_certificate_expiry_timestamp_seconds 1800000000',
    'loms_audit_findings 3',
    'loms_audit_age_seconds 5',
    'loms_node_up{node="a:1"} 1',
    'loms_node_up{node="b:2"} 0',
    'loms_node_primary{node="a:1"} 1',
    'loms_node_primary{node="b:2"} 0',
    'loms_node_replay_lag_seconds{node="b:2"} 2.5',
    'loms_node_clock_ahead_seconds{node="a:1"} 1.5',
    'loms_node_reads_total{node="a:1"} 11',
    'loms_node_hedges_total{node="a:1"} 12',
    'loms_pool_connections{node="a:1",state="used"} 3',
    'loms_pool_connections{node="a:1",state="idle"} 4',
    'loms_pool_waiting{node="a:1"} 5',
  ])
    expect(lines).toContain(line);
});

test('what waits for the background work is shown in seconds', async () => {
  const metrics = new Metrics();
  showBacklog(metrics, { openOrders: 7, expiryLagMs: 1_500, feedLagMs: 2_500 });
  const lines = await linesOf(metrics);
  for (const line of ['loms_open_orders 7', 'loms_expiry_lag_seconds 1.5', 'loms_feed_lag_seconds 2.5'])
    expect(lines).toContain(line);
});

test('what a service without tokens, TLS and audits does not have is not shown', async () => {
  const metrics = new Metrics();
  const audit = { known: undefined };
  observe(metrics, { router, isReady: () => false, keys: undefined, certificateEndMs: undefined, audit });
  const shown = (await linesOf(metrics)).filter((line) => /^loms_(keys|certificate|audit)_/.test(line));
  expect(shown).toEqual([]);
});
