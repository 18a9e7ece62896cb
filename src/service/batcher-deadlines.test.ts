/** Deadlines and disconnects in the batcher: in the queue, before a batch starts, and while it runs. */
import { expect, test, vi } from 'vitest';
import { by, never, setUp, submitAll, watch } from '../../test/support/manual-batcher.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { type Claim, DeadlinePassed, QueueFull } from './batcher.ts';

/** Runs batches on connections that the test hands out; the first `rollbacks` attempts are rolled back. */
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

test('a request that times out in the queue is rejected at its deadline and never runs', async () => {
  const clock = manualClock();
  const { batcher, batches, started, end } = setUp({ ...clock, queueWeightMax: 3 });
  const first = submitAll(batcher, [1]);
  await started(1);
  const replies = watch([batcher.submit(2, by(50)), batcher.submit(3, by(51)), batcher.submit(4, by(30))]);
  clock.moveTo(49);
  await vi.waitFor(() => expect(replies).toEqual([undefined, undefined, 'DeadlinePassed']));
  clock.moveTo(50);
  await vi.waitFor(() => expect(replies).toEqual(['DeadlinePassed', undefined, 'DeadlinePassed']));
  // An expired request no longer counts towards the weight of the queue.
  const later = submitAll(batcher, [5, 6]);
  end();
  await started(2);
  end();
  await vi.waitFor(() => expect(replies[1]).toBe('done 3'));
  expect(batches).toEqual([[1], [3, 5, 6]]);
  await Promise.all([first, later]);
});

test('requests that time out free their places in the queue, wherever they stand', async () => {
  const clock = manualClock();
  const { batcher, batches, started, end } = setUp({ ...clock, queueMax: 6 });
  const first = submitAll(batcher, [0]);
  await started(1);
  const waiting = watch([1, 2, 3, 4, 5, 6].map((request) => batcher.submit(request, by(request * 10))));
  await expect(batcher.submit(7, never)).rejects.toBeInstanceOf(QueueFull);
  clock.moveTo(20);
  const second = submitAll(batcher, [7, 8]);
  await expect(batcher.submit(9, never)).rejects.toBeInstanceOf(QueueFull);
  clock.moveTo(50);
  const third = submitAll(batcher, [9, 10, 11]);
  await expect(batcher.submit(12, never)).rejects.toBeInstanceOf(QueueFull);
  end();
  await started(2);
  end();
  await Promise.all([first, second, third]);
  expect(batches).toEqual([[0], [6, 7, 8, 9, 10, 11]]);
  expect(waiting).toEqual([...Array(5).fill('DeadlinePassed'), 'done 6']);
});

test('a request that arrives after its deadline never runs', async () => {
  const { batcher, batches } = setUp({ ...manualClock() });
  await expect(batcher.submit(1, by(0))).rejects.toBeInstanceOf(DeadlinePassed);
  expect(batches).toEqual([]);
});

test.each([
  [true, 'OutcomeUnknown'],
  [false, 'DeadlinePassed'],
])(
  'a request whose batch runs at its deadline (writes: %s) is rejected with %s',
  async (writes, expected) => {
    const clock = manualClock();
    const { batcher, started, end } = setUp({ ...clock, writes });
    const replies = watch([batcher.submit(1, by(50)), batcher.submit(2, by(80)), batcher.submit(3, never)]);
    await started(1);
    clock.moveTo(50);
    await vi.waitFor(() => expect(replies).toEqual([expected, undefined, undefined]));
    clock.moveTo(79);
    end();
    await vi.waitFor(() => expect(replies).toEqual([expected, 'done 2', 'done 3']));
    await batcher.drain();
  },
);

test('a request that timed out does not run again when its batch is split', async () => {
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
  const replies = watch([1, 2, 3, 4].map((request) => batcher.submit(request, by(request === 4 ? 50 : 100))));
  await batcher.drain();
  await vi.waitFor(() => expect(replies).toEqual(['Error', 'done 2', 'done 3', 'OutcomeUnknown']));
  expect(batches).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3]]);
});

test.each([true, false])(
  'a request whose batch waits for a connection at its deadline is rejected and never runs (writes: %s)',
  async (writes) => {
    const clock = manualClock();
    const { run, connections, attempts } = slowDatabase();
    const { batcher } = setUp({ ...clock, writes, run });
    const replies = watch([batcher.submit(1, by(50)), batcher.submit(2, by(80))]);
    await vi.waitFor(() => expect(connections).toHaveLength(1));
    clock.moveTo(50);
    await vi.waitFor(() => expect(replies).toEqual(['DeadlinePassed', undefined]));
    connections.shift()?.();
    await vi.waitFor(() => expect(replies).toEqual(['DeadlinePassed', 'done 2']));
    expect(attempts).toEqual([[2]]);
  },
);

test('a batch without live requests does not start and is not reported as failed', async () => {
  const clock = manualClock();
  const { run, connections, attempts } = slowDatabase();
  const { batcher, onFailure } = setUp({ ...clock, run });
  let disconnected = false;
  const replies = watch([
    batcher.submit(1, by(50)),
    batcher.submit(2, { ...never, disconnected: () => disconnected }),
  ]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  clock.moveTo(50);
  disconnected = true;
  connections.shift()?.();
  await batcher.drain();
  expect([replies, attempts]).toEqual([['DeadlinePassed', 'DeadlinePassed'], []]);
  expect(onFailure).not.toHaveBeenCalled();
});

test('a request that was rejected does not run, even if the clock moves back', async () => {
  const clock = manualClock();
  const { run, connections, attempts } = slowDatabase();
  const { batcher } = setUp({ ...clock, run });
  const replies = watch([batcher.submit(1, by(50)), batcher.submit(2, never)]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  clock.moveTo(50);
  clock.moveTo(0);
  connections.shift()?.();
  await batcher.drain();
  expect([replies, attempts]).toEqual([['DeadlinePassed', 'done 2'], [[2]]]);
});

test('an attempt after a rollback leaves out requests that expired or disconnected meanwhile', async () => {
  let nowMs = 0;
  const { run, connections, attempts } = slowDatabase({ rollbacks: 1 });
  // No timer fires, as when the process is busy at that moment.
  const { batcher, onFailure } = setUp({ now: () => nowMs, setTimer: () => () => {}, run });
  let disconnected = false;
  const disconnecting = { ...never, disconnected: () => disconnected };
  const replies = watch([
    batcher.submit(1, by(50)),
    batcher.submit(2, disconnecting),
    batcher.submit(3, never),
  ]);
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  connections.shift()?.();
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  nowMs = 50;
  disconnected = true;
  connections.shift()?.();
  await batcher.drain();
  expect(replies).toEqual(['DeadlinePassed', 'DeadlinePassed', 'done 3']);
  expect(attempts).toEqual([[1, 2, 3], [3]]);
  expect(onFailure).not.toHaveBeenCalled();
});

test('the second half of a split batch waits its turn and is rejected at its deadline', async () => {
  const clock = manualClock();
  const ends: (() => void)[] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    if (requests.length === 2) throw new Error('two are too many');
    await new Promise<void>((resolve) => ends.push(resolve));
    return requests.map((request) => `done ${request}`);
  };
  const { batcher } = setUp({ ...clock, run });
  const replies = watch([batcher.submit(1, by(50)), batcher.submit(2, by(50))]);
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  clock.moveTo(50);
  await vi.waitFor(() => expect(replies).toEqual(['OutcomeUnknown', 'DeadlinePassed']));
  ends.shift()?.();
  await batcher.drain();
  expect(ends).toEqual([]);
});

test('a request whose client disconnected before the batch starts is rejected and never runs', async () => {
  const { batcher, batches, started, end } = setUp();
  const first = submitAll(batcher, [1]);
  await started(1);
  let disconnected = false;
  const replies = watch([
    batcher.submit(2, { ...never, disconnected: () => disconnected }),
    batcher.submit(3, never),
  ]);
  disconnected = true;
  end();
  await started(2);
  end();
  await vi.waitFor(() => expect(replies).toEqual(['DeadlinePassed', 'done 3']));
  expect(batches).toEqual([[1], [3]]);
  await first;
});

test('deadlines that arrive in order share one timer', async () => {
  const clock = manualClock();
  const { batcher, started, end } = setUp({ ...clock });
  const replies = watch(Array.from({ length: 500 }, (_, index) => batcher.submit(index, by(1_000 + index))));
  await started(1);
  expect(clock.timersSet).toBe(1);
  clock.moveTo(1_002);
  expect(clock.timersSet).toBe(4);
  await vi.waitFor(() => expect(replies.filter((each) => each !== undefined)).toHaveLength(3));
  for (let count = 1; count <= 5; count++) {
    await started(count);
    end();
  }
  await batcher.drain();
});

test('drain resolves when every request in the queue has timed out', async () => {
  const clock = manualClock();
  const { batcher, started, end } = setUp({ ...clock, batchMax: 1 });
  const replies = watch([batcher.submit(1, by(100)), batcher.submit(2, by(50))]);
  await started(1);
  const drained = vi.fn();
  const drain = batcher.drain().then(drained);
  clock.moveTo(50);
  await vi.waitFor(() => expect(replies).toEqual([undefined, 'DeadlinePassed']));
  expect(drained).not.toHaveBeenCalled();
  end();
  await drain;
  expect(replies[0]).toBe('done 1');
});
