/**
 * Properties of the batcher for any arrivals, disconnects and database failures: every request gets one
 * reply, by its deadline, and the reply matches what the database did.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { by, setUp } from '../../test/support/manual-batcher.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import type { Claim } from './batcher.ts';

const requests = fc.array(
  fc.record({
    arrivesMs: fc.nat(20),
    timeoutMs: fc.integer({ min: 1, max: 15 }),
    disconnectsMs: fc.oneof(fc.nat(30), fc.constant(Number.POSITIVE_INFINITY)),
    /** Whether the database rejects the request, and with it the whole batch. */
    isBad: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The results of successive attempts to write a batch. */
const attempts = fc.infiniteStream(
  fc.record({
    connectMs: fc.nat(6),
    workMs: fc.nat(6),
    result: fc.constantFrom(
      'committed',
      'rolled back',
      'no connection',
      'lost and committed',
      'lost and not committed',
    ),
  }),
);

const limits = fc.record({ batchMax: fc.integer({ min: 1, max: 5 }), lanes: fc.integer({ min: 1, max: 2 }) });

const END_MS = 1_000;

type Requests = typeof requests extends fc.Arbitrary<infer T> ? T : never;
type Attempts = typeof attempts extends fc.Arbitrary<infer T> ? T : never;

/** A database that ends each attempt as given, and records starts (with their time) and commits. */
function database(clock: ReturnType<typeof manualClock>, all: Requests, results: Attempts) {
  const started: { request: number; atMs: number }[] = [];
  const committed: number[] = [];
  const run = async (claim: Claim<number>) => {
    for (;;) {
      const { connectMs, workMs, result } = results.next().value;
      await clock.sleep(connectMs);
      if (result === 'no connection') throw new DatabaseUnavailable(result);
      const batch = claim();
      started.push(...batch.map((request) => ({ request, atMs: clock.now() })));
      await clock.sleep(workMs);
      if (batch.some((request) => all[request]?.isBad)) throw new Error('bad');
      if (result === 'rolled back') continue;
      if (result !== 'lost and not committed') committed.push(...batch);
      if (result !== 'committed') throw new OutcomeUnknown(result);
      return batch.map((request) => `committed ${request}`);
    }
  };
  return { run, started, committed };
}

/** Submits every request at its arrival time. Returns the replies with their times, in order. */
async function simulate(all: Requests, results: Attempts, options: { batchMax: number; lanes: number }) {
  const clock = manualClock();
  const { run, started, committed } = database(clock, all, results);
  const { batcher } = setUp({ ...options, ...clock, run });
  const replies: { request: number; atMs: number; reply: string }[] = [];
  for (const [request, { arrivesMs, timeoutMs, disconnectsMs }] of all.entries()) {
    const record = (reply: string) => replies.push({ request, atMs: clock.now(), reply });
    const call = { ...by(arrivesMs + timeoutMs), disconnected: () => disconnectsMs <= clock.now() };
    const submit = () =>
      void batcher.submit(request, call).then(record, (error: Error) => record(error.name));
    clock.setTimer(submit, arrivesMs);
  }
  let drained = false;
  for (let timeMs = 0; timeMs < END_MS && !drained; timeMs++) {
    clock.moveTo(timeMs);
    // Batches start in a later turn of the event loop.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    if (timeMs >= 20) void batcher.drain().then(() => (drained = true));
  }
  expect(drained).toBe(true);
  return { replies, started, committed };
}

test('every request gets one correct reply by its deadline, and never starts after it', async () => {
  await fc.assert(
    fc.asyncProperty(requests, attempts, limits, async (all, results, options) => {
      const { replies, started, committed } = await simulate(all, results, options);
      expect(replies.map(({ request }) => request).sort((a, b) => a - b)).toEqual([...all.keys()]);
      for (const { request, atMs } of started) {
        const { arrivesMs, timeoutMs, disconnectsMs } = all[request] as Requests[number];
        expect(atMs).toBeLessThan(Math.min(arrivesMs + timeoutMs, disconnectsMs));
      }
      for (const { request, atMs, reply } of replies) {
        const { arrivesMs, timeoutMs, isBad } = all[request] as Requests[number];
        expect(atMs).toBeLessThanOrEqual(arrivesMs + timeoutMs);
        const times = committed.filter((each) => each === request).length;
        const hasStarted = started.some((each) => each.request === request);
        if (reply === `committed ${request}`) expect(times).toBe(1);
        else if (reply === 'OutcomeUnknown') expect([hasStarted, times <= 1]).toEqual([true, true]);
        else if (reply === 'Error') expect([isBad, times]).toEqual([true, 0]);
        else expect([reply, times]).toEqual([expect.stringMatching(/DeadlinePassed|DatabaseUnavailable/), 0]);
      }
    }),
    { numRuns: 300 },
  );
});
