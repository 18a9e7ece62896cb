/** Primary election and node health, in scenarios that run round by round. */
import { describe, expect, test } from 'vitest';
import { primary, replica } from '../../../test/support/node-states.ts';
import {
  down,
  foreign,
  healthy,
  idle,
  LAG_MAX_MS,
  notReachable,
  onC,
  pair,
  restarted,
  rival,
  run,
  type Step,
  slots,
  trio,
  wal,
} from '../../../test/support/topology-rounds.ts';
import { type Answer, judge, mustRepeat, observe, type Topology, unknownTopology } from './topology.ts';

const scenarios: Record<string, Record<string, readonly [Step, ...Step[]]>> = {
  election: {
    'the node that is not in recovery is the primary, at any position': [
      [
        [replica(1), primary(1)],
        [healthy, healthy],
        {
          system: 'ours',
          timeline: 1,
          primary: 1,
          synchronousSlots: [{ slot: 'b', from: 0n }],
          commitsHang: false,
        },
      ],
    ],
    'no node is used until a primary is promoted': [
      [[down, replica(1)], [notReachable, 'no primary'], { primary: undefined }],
      [[down, primary(2)], [notReachable, healthy], { primary: 1 }],
    ],
    'a promoted replica takes over from a lost primary, which is fenced when it returns': [
      pair,
      [[down, replica(1, idle)], [notReachable, healthy], { primary: 0 }],
      [[down, primary(2)], [notReachable, healthy], { primary: 1, timeline: 2 }],
      [[primary(1, restarted), primary(2)], ['old primary', healthy], { accepted: [undefined, 'first'] }],
    ],
    'a promoted replica takes over from a primary that still runs': [
      pair,
      [[primary(1), primary(2)], ['old primary', healthy], { primary: 1, accepted: [undefined, 'first'] }],
    ],
    'neither of two old primaries is used': [
      [
        [primary(1), primary(2), primary(1)],
        ['old primary', healthy, 'old primary'],
        { primary: 1, accepted: [undefined, 'first', undefined] },
      ],
    ],
    'a primary that does not reply stays in force': [
      pair,
      [[down, down], [notReachable, notReachable], { primary: 0, timeline: 1 }],
      pair,
    ],
    'a primary restarted on its timeline stays in force': [
      pair,
      [[primary(1, restarted), replica(1)], [healthy, healthy], { primary: 0 }],
    ],
    'a primary that became a replica is not in force until it is promoted again': [
      pair,
      [[replica(1), replica(1)], ['no primary', 'no primary'], { primary: undefined }],
      [[primary(2), replica(2)], [healthy, healthy], { primary: 0, timeline: 2 }],
    ],
    'the primary in force stays when another one appears on its timeline': [
      [
        [primary(1), down],
        [healthy, notReachable],
      ],
      [[primary(1), primary(1)], [healthy, rival], { primary: 0, accepted: ['first', undefined] }],
      [[down, primary(1)], [notReachable, rival], { primary: 0 }],
    ],
    'neither of two primaries on one timeline is used when none is in force': [
      [[primary(1), primary(1), replica(1)], [rival, rival, 'no primary'], { primary: undefined }],
    ],
    'two replicas promoted at once are fenced until one of them is a replica again': [
      trio,
      [[down, primary(2), primary(2)], [notReachable, rival, rival], { primary: undefined, timeline: 2 }],
      [[down, primary(2), down], [notReachable, rival, notReachable], { primary: undefined }],
      [[down, primary(2), replica(2, onC)], [notReachable, healthy, 'not synchronous'], { primary: 1 }],
    ],
    'a replica on a higher timeline exposes the old primary while the new one is not reachable': [
      trio,
      [[primary(1), down, replica(2, onC)], ['old primary', notReachable, 'no primary'], { timeline: 2 }],
    ],
    'a timeline seen once counts forever, even after its node is lost': [
      pair,
      [[down, primary(2)], [notReachable, healthy], { primary: 1 }],
      [[primary(1), down], ['old primary', notReachable], { primary: 1 }],
      [[primary(1), replica(1)], ['old primary', 'no primary'], { primary: undefined, timeline: 2 }],
    ],
  },

  'other clusters': {
    'no node is used before the first primary while nodes belong to several clusters': [
      [
        [primary(1), replica(1), primary(2, foreign)],
        ['other cluster', 'other cluster', 'other cluster'],
        { primary: undefined, system: undefined, timeline: 0, accepted: [undefined, 'first', undefined] },
      ],
      [
        [primary(1), replica(1), down],
        ['other cluster', 'other cluster', notReachable],
      ],
      [[primary(1), replica(1), replica(1)], [healthy, healthy, healthy], { primary: 0, system: 'ours' }],
    ],
    'a replica of another cluster that replies first does not decide which cluster is ours': [
      [[replica(2, foreign), down], ['no primary', notReachable], { primary: undefined, system: undefined }],
      [[replica(2, foreign), primary(2)], ['other cluster', 'other cluster'], { primary: undefined }],
    ],
    'a server of another cluster is not used, even on a higher timeline': [
      [
        [primary(1), replica(1), down],
        [healthy, healthy, notReachable],
      ],
      [[primary(1), replica(1), primary(2, foreign)], [healthy, healthy, 'other cluster'], { timeline: 1 }],
      [[primary(1), replica(1), replica(2, foreign)], [healthy, healthy, 'other cluster'], { timeline: 1 }],
    ],
    'the cluster of the first primary is kept after that primary is lost': [
      pair,
      [[primary(1, foreign), replica(1)], ['other cluster', 'no primary'], { primary: undefined }],
      [[primary(1, foreign), primary(2)], ['other cluster', healthy], { primary: 1, system: 'ours' }],
    ],
  },

  replicas: {
    'a replica that is not synchronous is not read': [
      [
        [primary(1, slots('b')), replica(1, onC)],
        [healthy, 'not synchronous'],
      ],
      [
        [primary(1, slots('b', 'c')), replica(1, onC)],
        [healthy, healthy],
      ],
      [
        [primary(1, slots()), replica(1, onC)],
        [healthy, 'not synchronous'],
      ],
    ],
    'a replica that does not stream is not read while the primary replies': [
      pair,
      [
        [primary(1), replica(1, idle)],
        [healthy, 'not synchronous'],
      ],
      pair,
    ],
    'a synchronous replica is read while the primary is down, for any time': [
      pair,
      [
        [down, replica(1, idle)],
        [notReachable, healthy],
      ],
      [[down, replica(1, idle)], [notReachable, healthy], { synchronousSlots: [{ slot: 'b', from: 0n }] }],
      [
        [down, replica(1)],
        [notReachable, healthy],
      ],
    ],
    'a replica that was not synchronous is not read while the primary is down': [
      [
        [primary(1), replica(1, onC)],
        [healthy, 'not synchronous'],
      ],
      [
        [down, replica(1, idle)],
        [notReachable, 'not synchronous'],
      ],
    ],
    'a replica that never streamed is not read while the primary is down': [
      [
        [primary(1), replica(1, idle)],
        [healthy, 'not synchronous'],
      ],
      [
        [down, replica(1, idle)],
        [notReachable, 'not synchronous'],
      ],
    ],
    'a replica restarted while the primary is down is not read until it streams': [
      pair,
      [
        [down, replica(1, { ...idle, ...restarted })],
        [notReachable, 'not synchronous'],
      ],
      [
        [down, replica(1, restarted)],
        [notReachable, healthy],
      ],
    ],
    'a replica that follows the old primary is never read': [
      trio,
      [
        [primary(1), primary(2, slots('c')), replica(1, onC)],
        ['old primary', healthy, 'other timeline'],
      ],
      [
        [down, primary(2, slots('c')), replica(1, idle)],
        [notReachable, healthy, 'not synchronous'],
      ],
      [
        [down, primary(2, slots('c')), replica(2, onC)],
        [notReachable, healthy, healthy],
      ],
    ],
    'the slots of the last primary do not apply to a new one that has not replied': [
      [
        [primary(1, slots('b', 'c', 'd')), replica(1), replica(1, onC), replica(1, { slot_name: 'd' })],
        [healthy, healthy, healthy, healthy],
      ],
      [
        [down, primary(2), primary(2), replica(1, idle)],
        [notReachable, rival, rival, 'no primary'],
      ],
      [
        [down, down, replica(2, idle), replica(1, idle)],
        [notReachable, notReachable, 'not synchronous', 'not synchronous'],
        { primary: 1, synchronousSlots: [] },
      ],
    ],
    'an old primary that became a replica of the new one is read once it is synchronous': [
      pair,
      [
        [primary(1), primary(2)],
        ['old primary', healthy],
      ],
      [[replica(2, onC), primary(2)], ['not synchronous', healthy], { accepted: ['first', 'first'] }],
      [
        [replica(2, onC), primary(2, slots('c'))],
        [healthy, healthy],
      ],
    ],
  },

  'replay lag': {
    'a replica that lags too long is not read until it has caught up': [
      [[primary(1), replica(1, wal(200n, 100n))], [healthy, healthy], { nowMs: 1_000 }],
      [[primary(1), replica(1, wal(300n, 150n))], [healthy, healthy], { nowMs: 6_000 }],
      [[primary(1), replica(1, wal(300n, 199n))], [healthy, 'replay lag'], { nowMs: 6_001 }],
      [[down, replica(1, wal(300n, 199n))], [notReachable, 'replay lag'], { nowMs: 6_002 }],
      [[primary(1), replica(1, wal(300n, 200n))], [healthy, healthy], { nowMs: 6_003 }],
    ],
    'a restarted server starts with no lag': [
      [[primary(1), replica(1, wal(200n, 100n))], [healthy, healthy], { nowMs: 0 }],
      [[primary(1), replica(1, { ...wal(200n, 100n), ...restarted })], [healthy, healthy], { nowMs: 9_000 }],
    ],
    'lag counts from before there was a primary': [
      [[down, replica(1, wal(200n, 100n))], [notReachable, 'no primary'], { nowMs: 0 }],
      [[primary(1), replica(1, wal(200n, 100n))], [healthy, 'replay lag'], { nowMs: 9_000 }],
    ],
  },

  'accepted servers': {
    'a node that never replied accepts no connections': [
      [[primary(1), down], [healthy, notReachable], { accepted: ['first', undefined] }],
    ],
    'a node that does not reply keeps its accepted server': [
      pair,
      [[down, down], [notReachable, notReachable], { accepted: ['first', 'first'] }],
    ],
    'a restarted server replaces the previous one': [
      pair,
      [[primary(1, restarted), replica(1)], [healthy, healthy], { accepted: ['second', 'first'] }],
      [
        [primary(1, restarted), replica(1, restarted)],
        [healthy, healthy],
        { accepted: ['second', 'second'] },
      ],
    ],
    'a lost primary is fenced as soon as another one takes over': [
      pair,
      [[down, primary(2)], [notReachable, healthy], { accepted: [undefined, 'first'] }],
    ],
    'a fenced primary stays fenced while it does not reply, and after a restart': [
      pair,
      [[primary(1), primary(2)], ['old primary', healthy], { accepted: [undefined, 'first'] }],
      [[down, primary(2)], [notReachable, healthy], { accepted: [undefined, 'first'] }],
      [[primary(1, restarted), primary(2)], ['old primary', healthy], { accepted: [undefined, 'first'] }],
    ],
  },
};

describe.each(Object.entries(scenarios))('%s', (_group, cases) => {
  test.each(Object.entries(cases))('%s', (_title, steps) => run(steps));
});

const judged = (before: Topology, ...answers: Answer[]) =>
  judge(before, { answers, nowMs: 0, replicaLagMaxMs: LAG_MAX_MS });

test('before the first round no node is healthy, and none accepts connections', () => {
  const { nodes, primary: inForce } = unknownTopology(2);
  expect(inForce).toBeUndefined();
  expect(nodes).toMatchObject(Array(2).fill({ role: 'unknown', timeline: 0, reason: 'not checked yet' }));
  expect(nodes.map((node) => node.accepted)).toEqual([undefined, undefined]);
});

test('a node that does not reply keeps its role and timeline', () => {
  const { nodes } = judged(judged(unknownTopology(2), primary(3), replica(3)), down, down);
  expect(nodes.map(({ role, timeline }) => [role, timeline])).toEqual([
    ['primary', 3],
    ['replica', 3],
  ]);
});

test('a round is repeated when a primary replies that was restarted since the last query', () => {
  const before = judged(unknownTopology(2), primary(1), replica(1));
  expect(mustRepeat(unknownTopology(2), [primary(1), down])).toBe(true);
  expect(mustRepeat(before, [primary(1), replica(1)])).toBe(false);
  expect(mustRepeat(before, [primary(1, restarted), replica(1)])).toBe(true);
  expect(mustRepeat(before, [replica(1, restarted), replica(1, restarted)])).toBe(false);
  expect(mustRepeat(before, [down, primary(2)])).toBe(false);
  expect(mustRepeat(before, [down, down])).toBe(false);
});

test('what a repeated round showed of a node counts, even if the node does not reply again', () => {
  const before = judged(unknownTopology(2), primary(1), replica(1));
  const first = [primary(1, restarted), primary(2)];
  const observed = observe(before, first);
  expect(mustRepeat(observed, first)).toBe(false);
  const { nodes, primary: inForce } = judged(observed, primary(1, restarted), down);
  expect([inForce, ...nodes.map(({ reason }) => reason)]).toEqual([1, 'old primary', notReachable]);
});
