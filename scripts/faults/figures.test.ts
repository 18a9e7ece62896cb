/** How figures are computed from runs, and which of them are missed. */
import { expect, test } from 'vitest';
import type { ViolationKind } from './checks/evidence.ts';
import { figuresOf } from './figures.ts';
import type { RunResult } from './run.ts';

/** A run without violations. */
function run(kind: string, seed: number, what: Partial<RunResult> = {}): RunResult {
  return {
    ...{ kind, seed, seconds: 8, calls: 1_000, orders: 100, refused: 0, unknown: 0, replayed: 0 },
    ...{ lost: 0, stops: kind === 'service-terminate' ? 3 : 0, violations: [] },
    recovery: { beforePerSecond: 900, afterPerSecond: 900, tookMs: 400, alive: true },
    lateness: { p99: -300, worst: 12 },
    probes: { count: 0, p50: 0, p90: 0, p99: 0, max: 0 },
    afterFloodMs: 0,
    feed: {
      events: { ListEvents: 90, SSE: 90, WatchEvents: 90 },
      failed: 2,
      chosen: 3,
      expired: 0,
      lagMs: 80,
    },
    ...what,
  };
}

const wrong = (kind: ViolationKind) => ({ violations: [{ kind, text: '' }] });
const verdictOf = (name: string, results: readonly RunResult[]) =>
  figuresOf(results).find((figure) => figure.name.startsWith(name))?.reached;
const tenSeeds = (kind: string, what?: Partial<RunResult>) =>
  Array.from({ length: 10 }, (_, index) => run(kind, index + 1, what));

test('with too few runs a figure is neither reached nor missed', () => {
  const results = [run('service-terminate', 1, { lost: 4 })];
  expect(verdictOf('kinds of fault', results)).toBeUndefined();
  expect(verdictOf('SIGTERM', results)).toBeUndefined();
  expect(verdictOf('back to 90% of the rate: service killed', results)).toBeUndefined();
  expect(verdictOf('SIGTERM', tenSeeds('service-terminate'))).toBe(true);
});

test('one accepted request without an answer misses the figure, however few the stops', () => {
  expect(verdictOf('SIGTERM', [run('service-terminate', 1, wrong('accepted but not answered'))])).toBe(false);
});

test('the slowest run counts, and a run without recovery is the slowest', () => {
  const back = (tookMs: number | undefined) => {
    const recovery = { beforePerSecond: 900, afterPerSecond: 500, tookMs, alive: true };
    return [...tenSeeds('service-kill'), run('service-kill', 11, { recovery })];
  };
  const name = 'back to 90% of the rate: service killed';
  expect(verdictOf(name, back(2_900))).toBe(true);
  expect(verdictOf(name, back(3_100))).toBe(false);
  expect(verdictOf(name, back(undefined))).toBe(false);
});

test('while the replica was stopped, a late answer or a false acknowledgement misses its figure', () => {
  const late = [run('replica-freeze', 1), run('replica-freeze', 2, wrong('late answer'))];
  expect(verdictOf('replica stopped: requests', late)).toBe(false);
  expect(verdictOf('replica stopped: false', late)).toBe(true);
  const falsely = [run('replica-freeze', 1, wrong('false acknowledgement'))];
  expect(verdictOf('replica stopped: false', falsely)).toBe(false);
  const measured = figuresOf(falsely).find(({ name }) =>
    name.startsWith('replica stopped: requests'),
  )?.measured;
  expect(measured).toBe('1000 of 1000; 12 ms after it at most, 99% 300 ms before it');
});

test('in a flood no probe fails, and the slowest answer is shown', () => {
  const name = 'floods: time of `/livez`';
  const probed = (max: number, what: Partial<RunResult> = {}) =>
    run('reset-bursts', 1, { probes: { count: 200, p50: 2, p90: 3, p99: 4, max }, ...what });
  expect(verdictOf(name, [run('latency', 1)])).toBeUndefined();
  expect(verdictOf(name, [probed(9), probed(400)])).toBe(true);
  expect(verdictOf(name, [probed(9), probed(1_200, wrong('probe failed'))])).toBe(false);
  const measured = figuresOf([probed(9), probed(400)]).find((figure) =>
    figure.name.startsWith(name),
  )?.measured;
  expect(measured).toBe('400 of 400; 400 ms at most, 99% 4 ms');
});

test('what waited at the end of a flood is answered within two seconds', () => {
  const name = 'floods: waiting requests';
  const flooded = (afterFloodMs: number) => {
    const probes = { count: 200, p50: 2, p90: 3, p99: 4, max: 5 };
    return run('reset-bursts', 1, { afterFloodMs, probes });
  };
  expect(verdictOf(name, [run('latency', 1)])).toBeUndefined();
  expect(verdictOf(name, [flooded(10), flooded(1_990)])).toBe(true);
  expect(verdictOf(name, [flooded(10), flooded(2_010)])).toBe(false);
});

test('readers of the feed: one without events, a lost cursor, or a long lag misses its figure', () => {
  const { feed } = run('latency', 1);
  const verdicts = (kind: string, change: Partial<typeof feed>) =>
    ['events received', 'readers that went on', 'longest time'].map((name) =>
      verdictOf(name, [run('latency', 1), run(kind, 2, { feed: { ...feed, ...change } })]),
    );
  expect(verdicts('latency', {})).toEqual([true, true, true]);
  expect(verdicts('latency', { events: { ...feed.events, SSE: 0 } })).toEqual([false, true, true]);
  expect(verdicts('latency', { expired: 1 })).toEqual([true, false, true]);
  expect(verdicts('feed-retention', { expired: 1 })).toEqual([true, true, true]);
  expect(verdicts('latency', { lagMs: 10_001 })).toEqual([true, true, false]);
  for (const kind of ['lost event', 'event twice', 'event out of order', 'gap in the feed'] as const) {
    expect(verdictOf('events lost', [run('latency', 1, wrong(kind))])).toBe(false);
  }
});
