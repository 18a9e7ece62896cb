/** Runs the topology round by round, and compares each result with what is expected. */
import { expect } from 'vitest';
import { type Answer, judge, type Topology, unknownTopology } from '../../src/db/cluster/topology.ts';
import { primary, replica } from './node-states.ts';

export const LAG_MAX_MS = 5_000;

export const down = new Error('connection refused');
export const foreign = { system: 'theirs' };
export const restarted = { started: 'second' };
export const idle = { slot_name: null };
export const onC = { slot_name: 'c' };
export const slots = (...names: string[]) => ({ synchronous_slots: names });
export const wal = (received: bigint, replayed: bigint) => ({ received, replayed });

interface Expected extends Partial<Omit<Topology, 'nodes'>> {
  /** The start time of the server that each node accepts connections to; undefined where it accepts none. */
  readonly accepted?: readonly (string | undefined)[];
  /** The time of the round. */
  readonly nowMs?: number;
}

/** A round: the reply of each node, the expected verdict on each, and other expectations. */
export type Step = readonly [answers: readonly Answer[], verdicts: readonly string[], expected?: Expected];

/** Runs the rounds, and compares each result with what is expected. */
export function run(steps: readonly Step[]): void {
  let topology = unknownTopology(steps[0]?.[0].length ?? 0);
  for (const [round, [answers, verdicts, expected = {}]] of steps.entries()) {
    const { accepted, nowMs = 0, ...others } = expected;
    topology = judge(topology, { answers, nowMs, replicaLagMaxMs: LAG_MAX_MS });
    const { nodes } = topology;
    const message = `round ${round + 1}`;
    const reasons = nodes.map(({ reason }) => reason ?? 'healthy');
    expect(reasons, message).toEqual(verdicts);
    expect(topology, message).toMatchObject(others);
    const servers = nodes.map((node) => node.accepted?.started);
    expect(servers, message).toEqual(accepted ?? servers);
  }
}

export const healthy = 'healthy';
export const notReachable = 'not reachable';
export const rival = 'two primaries on one timeline';

/** The first round of most scenarios, with one and with two synchronous replicas. */
export const pair: Step = [[primary(1), replica(1)], [healthy, healthy], { primary: 0 }];
export const trio: Step = [
  [primary(1, slots('b', 'c')), replica(1), replica(1, onC)],
  [healthy, healthy, healthy],
];
