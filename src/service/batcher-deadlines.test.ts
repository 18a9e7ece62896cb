/** Who is told what at a deadline: while it waits, before its work is begun, and after. */
import { expect, test, vi } from 'vitest';
import { by, never, setUp, submitAll, watch } from '../../test/support/manual-batcher.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { type Claim, DeadlinePassed } from './batcher.ts';

/** Runs batches on connections that come when the test says so, and takes back so many first attempts. */
function slowDatabase({ rollbacks = 0 } = {}) {
  const connections: (() => void)[] = [];
  const attempts: number[][] = [];
  const run = async (claim: Claim<number>) => {
    for (;;) {
      await new Promise<void>((resolve) => connections.push(resolve));
      const requests = claim();
      attempts.push([...requests]);
      if (attempts.length > rollbacks) return requests.map((request) => `done ${request}`);
    }
  };
  return { run, connections, attempts };
}

test('who waits is refused at the deadline, not only when it is its turn, and is never begun', async () => {
  const clock = manualClock();
  const { batcher, batches, started, end } = setUp({ ...clock, queueWeightMax: 3 });
  const first = submitAll(batcher, [1]);
  await started(1);
  const seen = watch([batcher.submit(2, by(50)), batcher.submit(3, by(51)), batcher.submit(4, by(30))]);
  clock.moveTo(49);
  await vi.waitFor(() => expect(seen).toEqual([undefined, undefined, 'DeadlinePassed']));
  clock.moveTo(50);
  await vi.waitFor(() => expect(seen).toEqual(['DeadlinePassed', undefined, 'DeadlinePassed']));
  // Whose deadline passed weighs nothing any more.
  const fresh = submitAll(batcher, [5, 6]);
  end();
  await started(2);
  end();
  await vi.waitFor(() => expect(seen[1]).toBe('done 3'));
  expect(batches).toEqual([[1], [3, 5, 6]]);
  await Promise.all([first, fresh]);
});

test('a request that comes after its deadline is not begun', async () => {
  const { batcher, batches } = setUp({ ...manualClock() });
  await expect(batcher.submit(1, by(0))).rejects.toBeInstanceOf(DeadlinePassed);
  expect(batches).toEqual([]);
});

test.each([
  [true, 'OutcomeUnknown'],
  [false, 'DeadlinePassed'],
])('whose batch runs at the deadline hears so (writes: %s): %s', async (writes, expected) => {
  const clock = manualClock();
  const { batcher, started, end } = setUp({ ...clock, writes });
  const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, by(80)), batcher.submit(3, never)]);
  await started(1);
  clock.moveTo(50);
  await vi.waitFor(() => expect(seen).toEqual([expected, undefined, undefined]));
  clock.moveTo(79);
  end();
  await vi.waitFor(() => expect(seen).toEqual([expected, 'done 2', 'done 3']));
  await batcher.drain();
});

test('whose deadline passed is not begun again when the batch is split', async () => {
  const clock = manualClock();
  const batches: number[][] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    batches.push([...requests]);
    if (requests.length === 4) clock.moveTo(50);
    if (requests.includes(1)) throw new Error('one');
    return requests.map((request) => `done ${request}`);
  };
  const { batcher } = setUp({ ...clock, run });
  const seen = watch([1, 2, 3, 4].map((request) => batcher.submit(request, by(request === 4 ? 50 : 100))));
  await batcher.drain();
  await vi.waitFor(() => expect(seen).toEqual(['Error', 'done 2', 'done 3', 'OutcomeUnknown']));
  expect(batches).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3]]);
});

test.each([true, false])(
  'who waits for a connection at the deadline hears that nothing was done (writes: %s)',
  async (writes) => {
    const clock = manualClock();
    const { run, connections, attempts } = slowDatabase();
    const { batcher } = setUp({ ...clock, writes, run });
    const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, by(80))]);
    await vi.waitFor(() => expect(connections).toHaveLength(1));
    clock.moveTo(50);
    await vi.waitFor(() => expect(seen).toEqual(['DeadlinePassed', undefined]));
    connections.shift()?.();
    await vi.waitFor(() => expect(seen).toEqual(['DeadlinePassed', 'done 2']));
    expect(attempts).toEqual([[2]]);
  },
);

test('when nobody is left who could be worked for, nothing is begun and nothing has failed', async () => {
  const clock = manualClock();
  const { run, connections, attempts } = slowDatabase();
  const { batcher, onFailure } = setUp({ ...clock, run });
  let gone = false;
  const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, { ...never, disconnected: () => gone })]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  clock.moveTo(50);
  gone = true;
  connections.shift()?.();
  await batcher.drain();
  expect([seen, attempts]).toEqual([['DeadlinePassed', 'DeadlinePassed'], []]);
  expect(onFailure).not.toHaveBeenCalled();
});

test('who has heard that nothing was done is not worked for, also when the clock is set back', async () => {
  const clock = manualClock();
  const { run, connections, attempts } = slowDatabase();
  const { batcher } = setUp({ ...clock, run });
  const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, never)]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  clock.moveTo(50);
  clock.moveTo(0);
  connections.shift()?.();
  await batcher.drain();
  expect([seen, attempts]).toEqual([['DeadlinePassed', 'done 2'], [[2]]]);
});

test('an attempt that follows one which was taken back leaves out who is late or gone by then', async () => {
  let nowMs = 0;
  const { run, connections, attempts } = slowDatabase({ rollbacks: 1 });
  // No alarm rings, as when the process is busy at that moment.
  const { batcher, onFailure } = setUp({ now: () => nowMs, setTimer: () => () => {}, run });
  let gone = false;
  const leaves = { ...never, disconnected: () => gone };
  const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, leaves), batcher.submit(3, never)]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  connections.shift()?.();
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  nowMs = 50;
  gone = true;
  connections.shift()?.();
  await batcher.drain();
  expect(seen).toEqual(['DeadlinePassed', 'DeadlinePassed', 'done 3']);
  expect(attempts).toEqual([[1, 2, 3], [3]]);
  expect(onFailure).not.toHaveBeenCalled();
});

test('the second half of a batch that is split waits its turn and hears so at its deadline', async () => {
  const clock = manualClock();
  const ends: (() => void)[] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    if (requests.length === 2) throw new Error('two are too many');
    await new Promise<void>((resolve) => ends.push(resolve));
    return requests.map((request) => `done ${request}`);
  };
  const { batcher } = setUp({ ...clock, run });
  const seen = watch([batcher.submit(1, by(50)), batcher.submit(2, by(50))]);
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  clock.moveTo(50);
  await vi.waitFor(() => expect(seen).toEqual(['OutcomeUnknown', 'DeadlinePassed']));
  ends.shift()?.();
  await batcher.drain();
  expect(ends).toEqual([]);
});

test('who went away before the work was begun is not begun', async () => {
  const { batcher, batches, started, end } = setUp();
  const first = submitAll(batcher, [1]);
  await started(1);
  let gone = false;
  const seen = watch([batcher.submit(2, { ...never, disconnected: () => gone }), batcher.submit(3, never)]);
  gone = true;
  end();
  await started(2);
  end();
  await vi.waitFor(() => expect(seen).toEqual(['DeadlinePassed', 'done 3']));
  expect(batches).toEqual([[1], [3]]);
  await first;
});

test('deadlines that come in order cost one timer for all', async () => {
  const clock = manualClock();
  const { batcher, started, end } = setUp({ ...clock });
  const seen = watch(Array.from({ length: 500 }, (_, index) => batcher.submit(index, by(1_000 + index))));
  await started(1);
  expect(clock.timersSet).toBe(1);
  clock.moveTo(1_002);
  expect(clock.timersSet).toBe(4);
  await vi.waitFor(() => expect(seen.filter((each) => each !== undefined)).toHaveLength(3));
  for (let count = 1; count <= 5; count++) {
    await started(count);
    end();
  }
  await batcher.drain();
});

test('a queue whose deadlines all passed is drained', async () => {
  const clock = manualClock();
  const { batcher, started, end } = setUp({ ...clock, batchMax: 1 });
  const seen = watch([batcher.submit(1, by(100)), batcher.submit(2, by(50))]);
  await started(1);
  const drained = vi.fn();
  const drain = batcher.drain().then(drained);
  clock.moveTo(50);
  await vi.waitFor(() => expect(seen).toEqual([undefined, 'DeadlinePassed']));
  expect(drained).not.toHaveBeenCalled();
  end();
  await drain;
  expect(seen[0]).toBe('done 1');
});
