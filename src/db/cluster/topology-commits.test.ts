/** What commits wait for: replicas that have to catch up first, and commits that hang. */
import { describe, test } from 'vitest';
import { primary, replica } from '../../../test/support/node-states.ts';
import {
  down,
  healthy,
  notReachable,
  onC,
  pair,
  restarted,
  run,
  type Step,
  slots,
  wal,
} from '../../../test/support/topology-rounds.ts';

const scenarios: Record<string, Record<string, readonly [Step, ...Step[]]>> = {
  'catching up': {
    'a replica is read once it has replayed what was flushed when commits began to wait for it': [
      [
        [primary(1, { ...slots(), flushed: 300n }), replica(1)],
        [healthy, 'not synchronous'],
      ],
      [
        [primary(1, { flushed: 400n }), replica(1, wal(400n, 399n))],
        [healthy, 'catching up'],
      ],
      [
        [primary(1, { flushed: 500n }), replica(1, wal(500n, 400n))],
        [healthy, healthy],
      ],
      [
        [primary(1, { flushed: 600n }), replica(1, wal(500n, 400n))],
        [healthy, healthy],
      ],
    ],
    'one that takes over at the loss of another must have replayed what that one confirmed': [
      [
        [primary(1, { ...slots(), flushed: 100n }), replica(1), replica(1, onC)],
        [healthy, 'not synchronous', 'not synchronous'],
      ],
      [
        [primary(1, { ...slots('c'), flushed: 200n }), down, replica(1, { ...onC, ...wal(200n, 150n) })],
        [healthy, notReachable, 'catching up'],
      ],
      [
        [down, down, replica(1, { ...onC, ...wal(200n, 150n) })],
        [notReachable, notReachable, 'catching up'],
      ],
      [
        [down, down, replica(1, { ...onC, ...wal(200n, 200n) })],
        [notReachable, notReachable, healthy],
      ],
    ],
    'behind a silence or a restart of the primary, commits may have passed the replica': [
      [
        [primary(1, { flushed: 100n }), replica(1, wal(100n, 100n))],
        [healthy, healthy],
      ],
      [
        [down, replica(1, wal(200n, 150n))],
        [notReachable, healthy],
      ],
      [
        [primary(1, { flushed: 200n }), replica(1, wal(200n, 150n))],
        [healthy, 'catching up'],
      ],
      [
        [primary(1, { flushed: 300n }), replica(1, wal(300n, 200n))],
        [healthy, healthy],
      ],
      [
        [primary(1, { flushed: 400n, ...restarted }), replica(1, wal(400n, 399n))],
        [healthy, 'catching up'],
      ],
    ],
    'a new primary counts from its own position': [
      [
        [primary(1, { ...slots('b', 'c'), flushed: 100n }), down, replica(1, { ...onC, ...wal(100n, 100n) })],
        [healthy, notReachable, healthy],
      ],
      [
        [down, primary(2, { ...slots('c'), flushed: 120n }), replica(2, { ...onC, ...wal(120n, 110n) })],
        [notReachable, healthy, 'catching up'],
      ],
    ],
  },

  'hanging commits': {
    'hanging commits leave the primary healthy, and last until it reports otherwise': [
      [[primary(1, { commit_hangs: true }), down], [healthy, notReachable], { commitsHang: true }],
      [[down, down], [notReachable, notReachable], { commitsHang: true }],
      [[primary(1), down], [healthy, notReachable], { commitsHang: false }],
    ],
    'a new primary without its synchronous replica serves reads and no writes': [
      pair,
      [
        [down, primary(2, { commit_hangs: true })],
        [notReachable, healthy],
        { primary: 1, commitsHang: true },
      ],
    ],
    'commits hang while fewer standbys are connected than confirm each commit': [
      [
        [primary(1, { standby_names: 'FIRST 2 (b, c)', confirming: 1 }), replica(1)],
        [healthy, healthy],
        { commitsHang: true },
      ],
      [
        [primary(1, { standby_names: 'ANY 2 (b, c, d)', confirming: 2 }), replica(1)],
        [healthy, healthy],
        { commitsHang: false },
      ],
      [
        [primary(1, { standby_names: 'b', confirming: 0 }), replica(1)],
        [healthy, healthy],
        { commitsHang: true },
      ],
      [
        [primary(1, { standby_names: '', confirming: 0 }), replica(1)],
        [healthy, healthy],
        { commitsHang: false },
      ],
    ],
    'hanging commits of an old primary are ignored': [
      [[primary(1, { commit_hangs: true }), primary(2)], ['old primary', healthy], { commitsHang: false }],
    ],
  },
};

describe.each(Object.entries(scenarios))('%s', (_group, cases) => {
  test.each(Object.entries(cases))('%s', (_title, steps) => run(steps));
});
