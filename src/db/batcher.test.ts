import { expect, test, vi } from 'vitest';
import { Batcher, type BatcherOptions, type Caller } from './batcher.ts';
import { DatabaseUnavailable, DeadlinePassed, OutcomeUnknown, QueueFull } from './errors.ts';

const by = (deadlineMs: number): Caller => ({ deadlineMs });
const never = by(Number.POSITIVE_INFINITY);

/** A batcher of numbers whose batches end when the test says so. */
function setUp(options: Partial<BatcherOptions<number, string>> = {}) {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const run = async (requests: readonly number[]) => {
    batches.push([...requests]);
    await new Promise<void>((resolve) => ends.push(resolve));
    return requests.map((request) => `done ${request}`);
  };
  const limits = { batchMax: 100, queueMax: 1_000, queueWeightMax: 1_000, lanes: 1, weightMax: 1_000 };
  const kind = { writes: true, weigh: () => 1 };
  const onFailure = vi.fn();
  const batcher = new Batcher({ run, now: () => 0, onFailure, ...limits, ...kind, ...options });
  const started = (count: number) => vi.waitFor(() => expect(batches).toHaveLength(count));
  const end = () => ends.shift()?.();
  return { batcher, batches, started, end, onFailure };
}

/** A clock that stands still until the test moves it, with a timer that rings on the way. */
function manualClock() {
  let nowMs = 0;
  let set: { atMs: number; ring: () => void } | undefined;
  const clock = {
    timersSet: 0,
    now: () => nowMs,
    setTimer(ring: () => void, delayMs: number) {
      clock.timersSet++;
      const mine = { atMs: nowMs + delayMs, ring };
      set = mine;
      return () => {
        if (set === mine) set = undefined;
      };
    },
    /** Moves to a time, ringing whenever it is due, each time at its time. */
    moveTo(timeMs: number) {
      while (set !== undefined && set.atMs <= timeMs) {
        const { atMs, ring } = set;
        nowMs = atMs;
        set = undefined;
        ring();
      }
      nowMs = timeMs;
    },
  };
  return clock;
}

/** What became of each reply so far: its value, the error's name, or undefined while it is open. */
function watch(replies: Promise<string>[]): (string | undefined)[] {
  const seen: (string | undefined)[] = replies.map(() => undefined);
  for (const [index, reply] of replies.entries()) {
    reply.then(
      (value) => {
        seen[index] = value;
      },
      (error: Error) => {
        seen[index] = error.name;
      },
    );
  }
  return seen;
}

const submitAll = (batcher: Batcher<number, string>, requests: number[]) =>
  Promise.allSettled(requests.map((request) => batcher.submit(request, never)));

test('an idle batcher runs a lone request at once', async () => {
  const { batcher, batches, started, end } = setUp();
  const reply = batcher.submit(1, never);
  await started(1);
  expect(batches).toEqual([[1]]);
  end();
  expect(await reply).toBe('done 1');
});

test('requests that wait behind a batch go together in the next one, in order of arrival', async () => {
  const { batcher, batches, started, end } = setUp();
  const first = submitAll(batcher, [1]);
  await started(1);
  const rest = submitAll(batcher, [2, 3, 4]);
  end();
  await started(2);
  expect(batches).toEqual([[1], [2, 3, 4]]);
  end();
  expect(await first).toMatchObject([{ value: 'done 1' }]);
  expect(await rest).toMatchObject([{ value: 'done 2' }, { value: 'done 3' }, { value: 'done 4' }]);
});

test('a batch has at most its number of requests and its weight, or is a single request', async () => {
  const { batcher, batches, started, end } = setUp({
    batchMax: 3,
    weigh: (request) => request,
    weightMax: 10,
  });
  const replies = submitAll(batcher, [1, 1, 1, 1, 8, 2, 50, 5]);
  for (let count = 1; count <= 5; count++) {
    await started(count);
    end();
  }
  expect(batches).toEqual([[1, 1, 1], [1, 8], [2], [50], [5]]);
  await replies;
});

test('lanes run side by side and no more of them than allowed', async () => {
  const { batcher, batches, started, end } = setUp({ lanes: 2, batchMax: 1 });
  const replies = submitAll(batcher, [1, 2, 3]);
  await started(2);
  expect(batches).toEqual([[1], [2]]);
  end();
  await started(3);
  end();
  end();
  await replies;
});

test('lanes share what waits, so that one works while the other is answered', async () => {
  const { batcher, batches, started, end } = setUp({ lanes: 2, batchMax: 1_000 });
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const few = submitAll(batcher, numbers(100));
  await started(1);
  const many = submitAll(batcher, numbers(600));
  await started(2);
  expect(batches.map((batch) => batch.length)).toEqual([100, 300]);
  end();
  await started(3);
  expect(batches[2]).toHaveLength(150);
  end();
  end();
  await started(5);
  expect(batches.slice(3).map((batch) => batch.length)).toEqual([128, 22]);
  end();
  end();
  await Promise.all([few, many]);
  expect(batches.flat()).toEqual([...numbers(100), ...numbers(600)]);
});

test('past its limit the queue refuses at once and loses nothing that it took', async () => {
  const { batcher, started, end } = setUp({ queueMax: 2 });
  const taken = submitAll(batcher, [1, 2]);
  await expect(batcher.submit(3, never)).rejects.toBeInstanceOf(QueueFull);
  await started(1);
  end();
  expect(await taken).toMatchObject([{ value: 'done 1' }, { value: 'done 2' }]);
});

test('past its weight the queue refuses at once, and takes again what has become free', async () => {
  const { batcher, started, end } = setUp({ weigh: (request) => request, queueWeightMax: 10, weightMax: 10 });
  const taken = submitAll(batcher, [6, 4]);
  await expect(batcher.submit(1, never)).rejects.toBeInstanceOf(QueueFull);
  await started(1);
  const next = submitAll(batcher, [10]);
  await expect(batcher.submit(1, never)).rejects.toBeInstanceOf(QueueFull);
  end();
  await started(2);
  end();
  expect([...(await taken), ...(await next)].every(({ status }) => status === 'fulfilled')).toBe(true);
});

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
  const run = async (requests: readonly number[]) => {
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

test('who went away before the work was begun is not begun', async () => {
  const { batcher, batches, started, end } = setUp();
  const first = submitAll(batcher, [1]);
  await started(1);
  let gone = false;
  const seen = watch([batcher.submit(2, { ...never, gone: () => gone }), batcher.submit(3, never)]);
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

test('a batch that fails is split until only the culprit fails', async () => {
  const sizes: number[] = [];
  const run = async (requests: readonly number[]) => {
    sizes.push(requests.length);
    if (requests.includes(5)) throw new Error('five');
    return requests.map((request) => `done ${request}`);
  };
  const { batcher } = setUp({ run });
  const settled = await submitAll(batcher, [0, 1, 2, 3, 4, 5, 6, 7]);
  const failed = settled.flatMap((each, index) => (each.status === 'rejected' ? [index] : []));
  expect(failed).toEqual([5]);
  expect(sizes).toEqual([8, 4, 4, 2, 1, 1, 2]);
});

test.each([
  ['cannot be reached', new DatabaseUnavailable('down')],
  ['has an unknown outcome', new OutcomeUnknown('lost')],
])('a batch that %s is not run again: all its requests are told', async (_, error) => {
  const run = vi.fn().mockRejectedValue(error);
  const { batcher, onFailure } = setUp({ run });
  const settled = await submitAll(batcher, [1, 2, 3]);
  expect(settled.map((each) => each.status === 'rejected' && each.reason)).toEqual([error, error, error]);
  expect(run).toHaveBeenCalledTimes(1);
  expect(onFailure).toHaveBeenCalledExactlyOnceWith(error, 3);
});

test('drain waits for what runs and for what waits', async () => {
  const { batcher, started, end } = setUp({ batchMax: 1 });
  await batcher.drain();
  const replies = submitAll(batcher, [1, 2]);
  const drained = vi.fn();
  const drain = batcher.drain().then(drained);
  await started(1);
  end();
  await started(2);
  expect(drained).not.toHaveBeenCalled();
  end();
  await drain;
  expect(await replies).toMatchObject([{ value: 'done 1' }, { value: 'done 2' }]);
});
