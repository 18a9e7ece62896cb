/** What `/metrics` shows of the state of the parts: of each part its gauges, set at every scrape. */
import type { KeysState } from '../auth/keys.ts';
import type { Router } from '../db/cluster/router.ts';
import type { Backlog } from '../domain/backlog.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { version } from '../telemetry/version.ts';
import type { StockAudit } from '../workers/audit-stock.ts';

/** The parts, as far as they have a state to show. */
export interface Observed {
  readonly router: Pick<Router, 'status' | 'writable' | 'confirmedBy'> & {
    readonly primary: { readonly name: string } | undefined;
  };
  readonly isReady: () => boolean;
  /** Undefined where no tokens are checked. */
  readonly keys: (() => KeysState) | undefined;
  /** When the certificate ends, in milliseconds since the epoch; undefined without TLS. */
  readonly certificateEndMs: (() => number) | undefined;
  readonly audit: Pick<StockAudit, 'known'>;
}

/** Shows the state of the parts from now on. */
export function observe(
  metrics: Metrics,
  { router, isReady, keys, certificateEndMs, audit }: Observed,
): void {
  const set = (name: Parameters<Metrics['gauge']>[0], value: number) => metrics.gauge(name).set(value);
  const labels = { version, node_version: process.versions.node };
  metrics.gauge('loms_build_info').set(labels, 1);
  metrics.onScrape(() => {
    showNodes(metrics, router);
    set('loms_ready', Number(isReady()));
    set('loms_writable', Number(router.writable));
    if (router.confirmedBy !== undefined) set('loms_confirming_replicas', router.confirmedBy);
    if (keys !== undefined) {
      const { usable, ageMs } = keys();
      set('loms_keys_usable', Number(usable));
      if (ageMs !== null) set('loms_keys_age_seconds', ageMs / 1_000);
    }
    if (certificateEndMs !== undefined)
      set('loms_certificate_expiry_timestamp_seconds', certificateEndMs() / 1_000);
    const { known } = audit;
    if (known === undefined) return;
    set('loms_audit_findings', known.findingCount);
    set('loms_audit_age_seconds', known.ageMs / 1_000);
  });
}

/** Shows what waits for the background work. */
export function showBacklog(metrics: Metrics, { openOrders, expiryLagMs, feedLagMs }: Backlog): void {
  metrics.gauge('loms_open_orders').set(openOrders);
  metrics.gauge('loms_expiry_lag_seconds').set(expiryLagMs / 1_000);
  metrics.gauge('loms_feed_lag_seconds').set(feedLagMs / 1_000);
}

function showNodes(metrics: Metrics, router: Observed['router']): void {
  metrics.gauge('loms_node_unhealthy').reset();
  for (const {
    name: node,
    healthy,
    reason,
    replayLagMs,
    clockAheadMs,
    reads,
    hedges,
    pool,
  } of router.status()) {
    metrics.gauge('loms_node_up').set({ node }, Number(healthy));
    if (!healthy) metrics.gauge('loms_node_unhealthy').set({ node, reason }, 1);
    // An old primary has the role too, and no writes.
    metrics.gauge('loms_node_primary').set({ node }, Number(router.primary?.name === node));
    metrics.gauge('loms_node_replay_lag_seconds').set({ node }, replayLagMs / 1_000);
    if (clockAheadMs !== undefined)
      metrics.gauge('loms_node_clock_ahead_seconds').set({ node }, clockAheadMs / 1_000);
    setTotal(metrics.counter('loms_node_reads_total'), node, reads);
    setTotal(metrics.counter('loms_node_hedges_total'), node, hedges);
    metrics.gauge('loms_pool_connections').set({ node, state: 'used' }, pool.used);
    metrics.gauge('loms_pool_connections').set({ node, state: 'idle' }, pool.idle);
    metrics.gauge('loms_pool_waiting').set({ node }, pool.waiting);
  }
}

/** A total that its part counts by itself. */
function setTotal(counter: ReturnType<Metrics['counter']>, node: string, total: number): void {
  counter.remove({ node });
  counter.inc({ node }, total);
}
