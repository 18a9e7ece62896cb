/** Lanes for requests that share no sku with what runs: what they take, and that nothing waits for long. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { never, setUp, submitAll } from '../../test/support/manual-batcher.ts';
import type { Claim } from './batcher.ts';

/** The skus of a request are its digits. */
const linesOf = (request: number) => [...String(request)].map((digit) => ({ sku: Number(digit) }));

const skusOf = (requests: readonly number[]) => requests.flatMap(linesOf).map(({ sku }) => sku);

/** Batches start in a later turn of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

const withSpread = (spreadLanes: number, lanes = 1) => ({ lanes, spread: { lanes: spreadLanes, linesOf } });

test('what shares no sku with what runs starts beside it, the rest waits for its end', async () => {
  const { batcher, batches, started, end } = setUp(withSpread(1));
  const replies = [submitAll(batcher, [12])];
  await started(1);
  replies.push(submitAll(batcher, [23, 4, 15, 56]));
  await started(2);
  // 56 stands behind 15, which shares sku 5 with it.
  expect(batches).toEqual([[12], [4]]);
  end();
  await started(3);
  expect(batches[2]).toEqual([23, 15, 56]);
  end();
  end();
  await Promise.all(replies);
});

test('requests that all share a sku run in the lanes for any requests alone, in large batches', async () => {
  const { batcher, batches, started, end } = setUp(withSpread(2, 2));
  const replies = [submitAll(batcher, [1])];
  await started(1);
  replies.push(submitAll(batcher, [12]));
  await started(2);
  replies.push(submitAll(batcher, [13, 14, 15]));
  replies.push(submitAll(batcher, [6]));
  await started(3);
  expect(batches).toEqual([[1], [12], [6]]);
  end();
  await started(4);
  expect(batches[3]).toEqual([13, 14, 15]);
  for (let count = 0; count < 3; count++) end();
  await Promise.all(replies);
});

test('a sku is free when its batch has ended with all its parts, also after a failure', async () => {
  const attempts: number[][] = [];
  let open = (): void => {};
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    attempts.push([...requests]);
    if (requests.includes(1)) throw new Error('one');
    if (requests.includes(2)) await new Promise<void>((resolve) => (open = resolve));
    return requests.map(String);
  };
  const { batcher, onFailure } = setUp({ run, ...withSpread(1) });
  const replies = submitAll(batcher, [1, 2]);
  await turns();
  const later = submitAll(batcher, [1_000, 3]);
  await turns();
  expect(attempts).toEqual([[1, 2], [1], [2], [3]]);
  open();
  await Promise.all([replies, later, batcher.drain()]);
  expect(attempts.slice(4)).toEqual([[1_000]]);
  expect(onFailure).toHaveBeenCalledTimes(2);
});

const load = fc.array(
  fc.oneof(fc.record({ request: fc.integer({ min: 1, max: 999 }) }), fc.record({ ends: fc.nat(5) })),
  { maxLength: 40 },
);

test('for any load: no lock is waited for in a spread lane, each sku keeps its order, all run', async () => {
  await fc.assert(
    fc.asyncProperty(load, fc.integer({ min: 1, max: 2 }), fc.nat(3), async (steps, lanes, spreadLanes) => {
      const running: { requests: readonly number[]; isShared: boolean; end: () => void }[] = [];
      const begun: number[] = [];
      const run = async (claim: Claim<number>) => {
        const requests = claim();
        const locked = new Set(running.flatMap((other) => skusOf(other.requests)));
        const batch = { requests, isShared: skusOf(requests).some((sku) => locked.has(sku)), end: () => {} };
        running.push(batch);
        begun.push(...requests);
        expect(running.filter(({ isShared }) => isShared).length).toBeLessThanOrEqual(lanes);
        await new Promise<void>((resolve) => (batch.end = resolve));
        running.splice(running.indexOf(batch), 1);
        return requests.map(String);
      };
      const { batcher } = setUp({ run, ...withSpread(spreadLanes, lanes), batchMax: 4 });
      const submitted: number[] = [];
      const replies: Promise<string>[] = [];
      for (const step of steps) {
        if ('request' in step) {
          submitted.push(step.request);
          replies.push(batcher.submit(step.request, never));
        } else running[step.ends % Math.max(1, running.length)]?.end();
        await turns();
        expect(running.length).toBeLessThanOrEqual(lanes + spreadLanes);
      }
      while (running.length > 0) {
        running[0]?.end();
        await turns();
      }
      expect(await Promise.all(replies)).toEqual(submitted.map(String));
      for (let sku = 0; sku < 10; sku++) {
        const has = (request: number) => linesOf(request).some((line) => line.sku === sku);
        expect(begun.filter(has)).toEqual(submitted.filter(has));
      }
    }),
    { numRuns: 200 },
  );
});
