/** What `/metrics` shows of the state of the nodes. */
import { expect, test } from 'vitest';
import type { NodeStatus } from '../db/cluster/node.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { type Observed, observe } from './observation.ts';

const node = (name: string, role: NodeStatus['role'], reason = ''): NodeStatus => ({
  ...{ name, role, reason, healthy: reason === '', timeline: 1, cause: '', clockAheadMs: 0, replayLagMs: 0 },
  reads: 0,
  hedges: 0,
  pool: { used: 0, idle: 0, waiting: 0 },
});

/** The series of a gauge that nodes have, at each scrape, of routers with these nodes and this primary. */
async function shown(name: string, ...rounds: readonly (readonly NodeStatus[])[]): Promise<string[][]> {
  const metrics = new Metrics();
  let nodes = rounds[0] ?? [];
  const router: Observed['router'] = {
    status: () => [...nodes],
    primary: { name: 'b' },
    writable: true,
    confirmedBy: 1,
  };
  const parts = { isReady: () => true, keys: undefined, certificateEndMs: undefined };
  observe(metrics, { ...parts, router, audit: { known: undefined } });
  const series: string[][] = [];
  for (nodes of rounds) {
    const { body } = await metrics.render('');
    series.push(body.split('\n').filter((line) => line.startsWith(`${name}{`)));
  }
  return series;
}

test('an unhealthy node has its present reason, and a healthy one none', async () => {
  const lost = node('a', 'replica', 'not reachable');
  const asynchronous = node('a', 'replica', 'not synchronous');
  const rounds = [lost, asynchronous, node('a', 'replica')].map((a) => [a, node('b', 'primary')]);
  expect(await shown('loms_node_unhealthy', ...rounds)).toEqual([
    ['loms_node_unhealthy{node="a",reason="not reachable"} 1'],
    ['loms_node_unhealthy{node="a",reason="not synchronous"} 1'],
    [],
  ]);
});

test('of two nodes that call themselves primary, one is shown as it: that which writes go to', async () => {
  const nodes = [node('a', 'primary', 'old primary'), node('b', 'primary')];
  expect(await shown('loms_node_primary', nodes)).toEqual([
    ['loms_node_primary{node="a"} 0', 'loms_node_primary{node="b"} 1'],
  ]);
});
