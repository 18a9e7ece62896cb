/**
 * Nodes that are not used for reasons of their own: a second name, no slot, no right to see the replication.
 */
import { describe, expect, test } from 'vitest';
import { primary, replica } from '../../../test/support/node-states.ts';
import { type Answer, confirmationsOf, judge, type Topology, unknownTopology } from './topology.ts';

const down = new Error('connection refused');
const restarted = { started: 'second' };
/** One server, by whatever name it is reached. */
const one = { server: 'one' };
const two = { server: 'two' };

const healthy = 'healthy';
const same = 'same server as another node';
const notReachable = 'not reachable';
const rival = 'two primaries on one timeline';

const judged = (before: Topology, answers: readonly Answer[]) =>
  judge(before, { answers, nowMs: 0, replicaLagMaxMs: 5_000 });

/** A round: the answer of each node, the expected verdict on each, and the primary. */
type Step = readonly [answers: readonly Answer[], verdicts: readonly string[], primary: number | undefined];

const scenarios: Record<string, readonly Step[]> = {
  'a primary under two names is one primary': [[[primary(1, one), primary(1, one)], [healthy, same], 0]],
  'the other name is used when the first one leads nowhere, and stays in use': [
    [[primary(1, one), primary(1, one)], [healthy, same], 0],
    [[down, primary(1, one)], [notReachable, healthy], 1],
    [[primary(1, one), primary(1, one)], [same, healthy], 1],
  ],
  'a replica under two names is read by one of them': [
    [[primary(1), replica(1, one), replica(1, one)], [healthy, healthy, same], 0],
  ],
  'an address that moves to the promoted replica is that server': [
    [[primary(1, one), primary(1, one), replica(1, two)], [healthy, same, healthy], 0],
    [
      [primary(2, { ...two, ...restarted }), down, primary(2, { ...two, ...restarted })],
      [healthy, notReachable, same],
      0,
    ],
  ],
  'two servers are two, even if started at the same moment': [
    [[primary(1, one), primary(1, two)], [rival, rival], undefined],
  ],
  'a replica that streams without a slot is not recognised, whether the primary answers or not': [
    [[primary(1), replica(1, { slot_name: null, streams: true })], [healthy, 'streams without a slot'], 0],
    [[primary(1), replica(1)], [healthy, healthy], 0],
    [[down, replica(1, { slot_name: null, streams: true })], [notReachable, 'streams without a slot'], 0],
  ],
  'a login that may not see the replication is not the same as no replication': [
    [
      [primary(1), replica(1, { slot_name: null, may_read_stats: false })],
      [healthy, 'cannot see replication'],
      0,
    ],
  ],
};

describe.each(Object.entries(scenarios))('%s', (_title, steps) => {
  test('each round gives every node the expected reason', () => {
    let topology = unknownTopology(steps[0]?.[0].length ?? 0);
    for (const [answers, verdicts, inForce] of steps) {
      topology = judged(topology, answers);
      expect(topology.nodes.map(({ reason }) => reason ?? healthy)).toEqual(verdicts);
      expect(topology.primary).toBe(inForce);
      for (const { reason, accepted } of topology.nodes)
        if (reason === same) expect(accepted).toBeUndefined();
    }
  });
});

test.each([
  ['', 0],
  [' ', 0],
  ['*', 1],
  ['store_sync', 1],
  ['a, b', 1],
  ['FIRST 1 (a)', 1],
  ['first 2 (a, b, c)', 2],
  ['ANY 2 (a, b, c)', 2],
  ['any 1 (*)', 1],
  ['2 (a, b)', 2],
  ['"2 (a)"', 1],
])('synchronous_standby_names = %j: %s confirm', (names, count) => {
  expect(confirmationsOf(names)).toBe(count);
  const { confirmedBy } = judged(unknownTopology(1), [primary(1, { standby_names: names })]);
  expect(confirmedBy).toBe(count);
});

test('how many confirm is not known before a primary has answered, and stays while it does not', () => {
  const before = judged(unknownTopology(1), [down]);
  expect(before.confirmedBy).toBeUndefined();
  expect(judged(judged(before, [primary(1)]), [down]).confirmedBy).toBe(1);
});
