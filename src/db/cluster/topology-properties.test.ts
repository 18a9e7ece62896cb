/** Properties of the topology after any sequence of rounds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Answer,
  confirmationsOf,
  judge,
  type NodeState,
  type Topology,
  unknownTopology,
} from './topology.ts';

const NODES_MAX = 4;
const LAG_MAX_MS = 5;

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );
const walPosition = fc.bigInt({ min: 0n, max: 2n });

const state: fc.Arbitrary<NodeState> = fc.record({
  system: mostly('ours', 'theirs'),
  started: mostly('first', 'second'),
  // Of several names of one server one is used: see topology.test.ts. Here each answer is another server.
  server: fc.uuid(),
  may_read_stats: mostly(true, false),
  in_recovery: mostly(true, false),
  timeline: mostly(1, 2, 3),
  slot_name: fc.constantFrom('b', 'c', null),
  streams: fc.boolean(),
  received: walPosition,
  replayed: walPosition,
  synchronous_slots: fc.subarray(['b', 'c']),
  standby_names: fc.constantFrom('', 'FIRST 1 (b)', 'FIRST 2 (b, c)'),
  flushed: walPosition,
  confirming: fc.nat({ max: 2 }),
  commit_hangs: fc.boolean(),
  clock_ms: fc.constant(0),
});
const answers = fc.array(fc.oneof({ weight: 4, arbitrary: state }, fc.constant(new Error('down'))), {
  minLength: NODES_MAX,
  maxLength: NODES_MAX,
});
const rounds = fc.array(fc.record({ answers, elapsedMs: fc.nat({ max: 4 }) }), {
  minLength: 1,
  maxLength: 12,
});

interface JudgedRound {
  readonly before: Topology;
  readonly answers: readonly Answer[];
  readonly nowMs: number;
  readonly after: Topology;
}

/** Checks a property of each round of any sequence. The arguments are frozen: a mutation throws. */
function holds(check: (round: JudgedRound) => void): void {
  const property = fc.property(fc.integer({ min: 1, max: NODES_MAX }), rounds, (nodeCount, sequence) => {
    let before = unknownTopology(nodeCount);
    let nowMs = 0;
    for (const round of sequence) {
      nowMs += round.elapsedMs;
      const answers = round.answers.slice(0, nodeCount);
      const after = judge(freeze(before), freeze({ answers, nowMs, replicaLagMaxMs: LAG_MAX_MS }));
      check({ before, answers, nowMs, after });
      before = after;
    }
  });
  fc.assert(property, { numRuns: 500 });
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

const stateOf = (answer: Answer | undefined) => (answer instanceof Error ? undefined : answer);
const primaryOf = ({ nodes, primary }: Topology) => (primary === undefined ? undefined : nodes[primary]);

test('the primary in force claims to be one, in our cluster, on the highest timeline seen there', () => {
  holds(({ after }) => {
    const primary = primaryOf(after);
    if (primary === undefined) return;
    expect(primary).toMatchObject({ role: 'primary', system: after.system, timeline: after.timeline });
    for (const { system, timeline } of after.nodes) {
      if (system === after.system) expect(timeline).toBeLessThanOrEqual(after.timeline);
    }
  });
});

test('a node that claims to be the primary but is not in force is fenced', () => {
  holds(({ after }) => {
    for (const [index, { role, accepted, reason }] of after.nodes.entries()) {
      if (role !== 'primary' || index === after.primary) continue;
      expect(accepted).toBeUndefined();
      expect(reason).toBeDefined();
    }
  });
});

test('a node that is not fenced accepts the server that replied last', () => {
  holds(({ before, answers, after }) => {
    for (const [index, { role, accepted }] of after.nodes.entries()) {
      if (role === 'primary' && index !== after.primary) continue;
      const kept = before.nodes[index]?.accepted?.started;
      expect(accepted?.started).toBe(stateOf(answers[index])?.started ?? kept);
    }
  });
});

test('the timeline never decreases, and the cluster never changes', () => {
  holds(({ before, after }) => {
    expect(after.timeline).toBeGreaterThanOrEqual(before.timeline);
    if (before.system !== undefined) expect(after.system).toBe(before.system);
  });
});

test('the primary in force stays while it claims the highest timeline, and only then', () => {
  holds(({ before, after }) => {
    if (before.primary === undefined) return;
    const inForce = after.nodes[before.primary];
    const claims = inForce?.role === 'primary' && inForce.system === after.system;
    const stays = claims && inForce.timeline === after.timeline;
    expect(after.primary === before.primary).toBe(stays);
  });
});

test('without a primary in force, the only node that claims the highest timeline becomes it', () => {
  holds(({ before, after }) => {
    if (before.primary !== undefined && before.primary === after.primary) return;
    const systems = new Set(after.nodes.flatMap(({ system }) => system ?? []));
    const ours = after.system ?? (systems.size === 1 ? [...systems][0] : 'none is known');
    const claims = after.nodes.map(
      ({ role, system, timeline }) => role === 'primary' && system === ours && timeline === after.timeline,
    );
    const only = claims.filter(Boolean).length === 1 ? claims.indexOf(true) : undefined;
    expect(after.primary).toBe(only);
  });
});

test('a healthy node has replied, from the accepted server, and belongs to our cluster', () => {
  holds(({ answers, after }) => {
    for (const [index, { reason, accepted, system }] of after.nodes.entries()) {
      if (reason !== undefined) continue;
      expect(accepted?.started).toBe(stateOf(answers[index])?.started);
      expect(accepted).toBeDefined();
      expect(system).toBe(after.system);
    }
  });
});

test('a healthy replica is synchronous, and follows the primary while that replies', () => {
  holds(({ answers, nowMs, after }) => {
    const primary = primaryOf(after);
    for (const [index, { reason, role, accepted }] of after.nodes.entries()) {
      if (reason !== undefined || role !== 'replica') continue;
      const listed = after.synchronousSlots.find(({ slot }) => slot === accepted?.slot);
      expect(stateOf(answers[index])?.replayed).toBeGreaterThanOrEqual(
        listed?.from ?? Number.POSITIVE_INFINITY,
      );
      expect(nowMs - (accepted?.backlog?.sinceMs ?? nowMs)).toBeLessThanOrEqual(LAG_MAX_MS);
      const shown = stateOf(answers[index]);
      if (shown?.slot_name != null) expect(shown.timeline).toBe(primary?.timeline);
      else expect(stateOf(answers[after.primary ?? -1])).toBeUndefined();
    }
  });
});

test('a primary in force that replies is healthy; without a primary no node is', () => {
  holds(({ answers, after }) => {
    const healthy = after.nodes.filter(({ reason }) => reason === undefined);
    if (after.primary === undefined) expect(healthy).toEqual([]);
    else if (stateOf(answers[after.primary])) expect(primaryOf(after)?.reason).toBeUndefined();
  });
});

test('slots and hanging commits come from the latest reply of the primary in force', () => {
  holds(({ before, answers, after }) => {
    const shown = after.primary === undefined ? undefined : stateOf(answers[after.primary]);
    const kept = after.primary === before.primary ? before.synchronousSlots : [];
    const names = after.synchronousSlots.map(({ slot }) => slot);
    expect(names).toEqual(shown?.synchronous_slots ?? kept.map(({ slot }) => slot));
    const isShort = shown && shown.confirming < confirmationsOf(shown.standby_names);
    expect(after.commitsHang).toBe(shown ? shown.commit_hangs || isShort : before.commitsHang);
  });
});

test('a round without any reply changes only the health of the nodes', () => {
  holds(({ after, nowMs }) => {
    const silence = after.nodes.map(() => new Error('down'));
    const nodes = after.nodes.map((node) => ({ ...node, reason: 'not reachable' }));
    const round = { answers: silence, nowMs, replicaLagMaxMs: LAG_MAX_MS };
    expect(judge(after, round)).toEqual({ ...after, nodes });
  });
});

test('the result of a round depends only on its input, and not on the order of the nodes', () => {
  holds(({ before, answers, nowMs, after }) => {
    const round = { answers, nowMs, replicaLagMaxMs: LAG_MAX_MS };
    expect(judge(before, round)).toEqual(after);
    const reversed = judge(reverse(before), { ...round, answers: answers.toReversed() });
    expect(reversed).toEqual(reverse(after));
  });
});

function reverse(topology: Topology): Topology {
  const { nodes, primary } = topology;
  const index = primary === undefined ? undefined : nodes.length - 1 - primary;
  return { ...topology, nodes: nodes.toReversed(), primary: index };
}
