/** How the batcher forms batches: size, weight, lanes, failures and drain. */
import { expect, test, vi } from 'vitest';
import { never, setUp, submitAll } from '../../test/support/manual-batcher.ts';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { MustSplit } from '../db/types.ts';
import { type Claim, QueueFull } from './batcher.ts';

test('an idle batcher runs a lone request at once', async () => {
  const { batcher, batches, started, end } = setUp();
  const reply = batcher.submit(1, never);
  await started(1);
  expect(batches).toEqual([[1]]);
  end();
  expect(await reply).toBe('done 1');
});

test('requests that wait behind a batch form the next one, in order of arrival', async () => {
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

test('a batch keeps to its limits of requests and weight, or is a single request', async () => {
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

test('batches run side by side, up to the number of lanes', async () => {
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

test('lanes share the queue, so that one batch runs while another is replied to', async () => {
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

test('a full queue rejects at once and loses no accepted request', async () => {
  const { batcher, started, end } = setUp({ queueMax: 2 });
  const accepted = submitAll(batcher, [1, 2]);
  await expect(batcher.submit(3, never)).rejects.toBeInstanceOf(QueueFull);
  await started(1);
  end();
  expect(await accepted).toMatchObject([{ value: 'done 1' }, { value: 'done 2' }]);
});

test('a queue at its weight limit rejects at once, and accepts again after a batch has ended', async () => {
  const { batcher, started, end } = setUp({ weigh: (request) => request, queueWeightMax: 10, weightMax: 10 });
  const accepted = submitAll(batcher, [6, 4]);
  await expect(batcher.submit(1, never)).rejects.toBeInstanceOf(QueueFull);
  await started(1);
  const next = submitAll(batcher, [10]);
  await expect(batcher.submit(1, never)).rejects.toBeInstanceOf(QueueFull);
  end();
  await started(2);
  end();
  expect([...(await accepted), ...(await next)].every(({ status }) => status === 'fulfilled')).toBe(true);
});

test('a batch that fails is split until only the culprit fails', async () => {
  const sizes: number[] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
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

test('a batch that must be split is, in order, and this is no failure', async () => {
  const batches: number[][] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    if (requests.length > 2) throw new MustSplit('more than two');
    batches.push([...requests]);
    return requests.map((request) => `done ${request}`);
  };
  const { batcher, onFailure } = setUp({ run });
  const settled = await submitAll(batcher, [0, 1, 2, 3, 4]);
  expect(settled.every(({ status }) => status === 'fulfilled')).toBe(true);
  expect([batches, onFailure.mock.calls]).toEqual([[[0, 1], [2], [3, 4]], []]);
});

test('a single request that would have to be split is a failure like any other', async () => {
  const { batcher, onFailure } = setUp({ run: () => Promise.reject(new MustSplit('too many lines')) });
  const [settled] = await submitAll(batcher, [1]);
  expect([settled?.status, onFailure.mock.calls.length]).toEqual(['rejected', 1]);
});

test('a batch that must be split by its requests runs the last ones behind the others', async () => {
  const batches: number[][] = [];
  const isEven = (request: unknown) => Number(request) % 2 === 0;
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    if (requests.length > 3) throw new MustSplit('even ones are last', isEven);
    batches.push([...requests]);
    return requests.map((request) => `done ${request}`);
  };
  const settled = await submitAll(setUp({ run }).batcher, [0, 1, 2, 3, 4]);
  const values = settled.map((each) => each.status === 'fulfilled' && each.value);
  expect([batches, values]).toEqual([
    [
      [1, 3],
      [0, 2, 4],
    ],
    [0, 1, 2, 3, 4].map((request) => `done ${request}`),
  ]);
});

test.each([
  ['finds the database unavailable', new DatabaseUnavailable('down')],
  ['has an unknown outcome', new OutcomeUnknown('lost')],
])('a batch that %s does not run again, and all its requests are rejected', async (_, error) => {
  const run = vi.fn().mockRejectedValue(error);
  const { batcher, onFailure } = setUp({ run });
  const settled = await submitAll(batcher, [1, 2, 3]);
  expect(settled.map((each) => each.status === 'rejected' && each.reason)).toEqual([error, error, error]);
  expect(run).toHaveBeenCalledTimes(1);
  expect(onFailure).toHaveBeenCalledExactlyOnceWith(error, expect.objectContaining({ size: 3 }));
});

test('drain waits for running batches and for the queue', async () => {
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
