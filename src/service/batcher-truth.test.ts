/**
 * Whatever happens to batches, in whatever order: everybody is answered once, in time, and with the truth.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setUp } from '../../test/support/manual-batcher.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import type { Claim } from './batcher.ts';

const callers = fc.array(
  fc.record({
    arrivesMs: fc.nat(20),
    waitsMs: fc.integer({ min: 1, max: 15 }),
    leavesMs: fc.oneof(fc.nat(30), fc.constant(Number.POSITIVE_INFINITY)),
    /** Whether the database refuses its work, and with it the batch that it is in. */
    isBad: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

/** What becomes of one attempt after the other to write a batch. */
const attempts = fc.infiniteStream(
  fc.record({
    connectMs: fc.nat(6),
    workMs: fc.nat(6),
    fate: fc.constantFrom('committed', 'rolled back', 'no connection', 'lost and done', 'lost and not done'),
  }),
);

const limits = fc.record({ batchMax: fc.integer({ min: 1, max: 5 }), lanes: fc.integer({ min: 1, max: 2 }) });

const END_MS = 1_000;

type Callers = typeof callers extends fc.Arbitrary<infer T> ? T : never;
type Attempts = typeof attempts extends fc.Arbitrary<infer T> ? T : never;

/**
 * A database that does with each attempt what is said, and remembers what was begun when, and what was done.
 */
function database(clock: ReturnType<typeof manualClock>, all: Callers, fates: Attempts) {
  const begun: { caller: number; atMs: number }[] = [];
  const done: number[] = [];
  const run = async (claim: Claim<number>) => {
    for (;;) {
      const { connectMs, workMs, fate } = fates.next().value;
      await clock.sleep(connectMs);
      if (fate === 'no connection') throw new DatabaseUnavailable(fate);
      const batch = claim();
      begun.push(...batch.map((caller) => ({ caller, atMs: clock.now() })));
      await clock.sleep(workMs);
      if (batch.some((caller) => all[caller]?.isBad)) throw new Error('bad');
      if (fate === 'rolled back') continue;
      if (fate !== 'lost and not done') done.push(...batch);
      if (fate !== 'committed') throw new OutcomeUnknown(fate);
      return batch.map((caller) => `done ${caller}`);
    }
  };
  return { run, begun, done };
}

/** Lets all callers come at their times and gives what each heard, and when, in the order of the answers. */
async function live(all: Callers, fates: Attempts, options: { batchMax: number; lanes: number }) {
  const clock = manualClock();
  const { run, begun, done } = database(clock, all, fates);
  const { batcher } = setUp({ ...options, ...clock, run });
  const answers: { caller: number; atMs: number; heard: string }[] = [];
  for (const [caller, { arrivesMs, waitsMs, leavesMs }] of all.entries()) {
    const hear = (heard: string) => answers.push({ caller, atMs: clock.now(), heard });
    const call = { deadlineMs: arrivesMs + waitsMs, disconnected: () => leavesMs <= clock.now() };
    const arrive = () => void batcher.submit(caller, call).then(hear, (error: Error) => hear(error.name));
    clock.setTimer(arrive, arrivesMs);
  }
  let drained = false;
  for (let timeMs = 0; timeMs < END_MS && !drained; timeMs++) {
    clock.moveTo(timeMs);
    // Batches start in a later turn of the event loop.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    if (timeMs >= 20) void batcher.drain().then(() => (drained = true));
  }
  expect(drained).toBe(true);
  return { answers, begun, done };
}

test('everybody is answered once and in time, with the truth, and nobody is worked for too late', async () => {
  await fc.assert(
    fc.asyncProperty(callers, attempts, limits, async (all, fates, options) => {
      const { answers, begun, done } = await live(all, fates, options);
      expect(answers.map(({ caller }) => caller).sort((a, b) => a - b)).toEqual([...all.keys()]);
      for (const { caller, atMs } of begun) {
        const { arrivesMs, waitsMs, leavesMs } = all[caller] as Callers[number];
        expect(atMs).toBeLessThan(Math.min(arrivesMs + waitsMs, leavesMs));
      }
      for (const { caller, atMs, heard } of answers) {
        const { arrivesMs, waitsMs, isBad } = all[caller] as Callers[number];
        expect(atMs).toBeLessThanOrEqual(arrivesMs + waitsMs);
        const times = done.filter((each) => each === caller).length;
        const wasBegun = begun.some((each) => each.caller === caller);
        if (heard === `done ${caller}`) expect(times).toBe(1);
        else if (heard === 'OutcomeUnknown') expect([wasBegun, times <= 1]).toEqual([true, true]);
        else if (heard === 'Error') expect([isBad, times]).toEqual([true, 0]);
        else expect([heard, times]).toEqual([expect.stringMatching(/DeadlinePassed|DatabaseUnavailable/), 0]);
      }
    }),
    { numRuns: 300 },
  );
});
