/** What nodes answer about themselves, for tests of the topology. */
import type { NodeState } from '../../src/db/cluster/topology.ts';

/** Each answer is that of another server, unless its server is set. */
let servers = 0;

/** A primary whose commits wait for the replica on slot b. */
export const primary = (timeline: number, more: Partial<NodeState> = {}): NodeState => ({
  system: 'ours',
  started: 'first',
  server: `server ${servers++}`,
  may_read_stats: true,
  in_recovery: false,
  timeline,
  slot_name: null,
  streams: false,
  received: 0n,
  replayed: 0n,
  synchronous_slots: ['b'],
  standby_names: 'FIRST 1 (b)',
  flushed: 0n,
  confirming: 1,
  commit_hangs: false,
  clock_ms: 0,
  ...more,
});

/** A replica that streams through slot b. */
export const replica = (timeline: number, more: Partial<NodeState> = {}): NodeState =>
  primary(timeline, { in_recovery: true, slot_name: 'b', synchronous_slots: [], ...more });
