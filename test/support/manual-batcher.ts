/** A batcher of numbers for tests: its batches end when the test says so. */
import { expect, vi } from 'vitest';
import { Batcher, type BatcherOptions, type Begin, type Caller } from '../../src/service/batcher.ts';

export const by = (deadlineMs: number): Caller => ({ deadlineMs });
export const never = by(Number.POSITIVE_INFINITY);

/** Builds one, with limits that a test does not care about. */
export function setUp(options: Partial<BatcherOptions<number, string>> = {}) {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const run = async (begin: Begin<number>) => {
    const requests = begin();
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

/** What became of each reply so far: its value, the error's name, or undefined while it is open. */
export function watch(replies: Promise<string>[]): (string | undefined)[] {
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

export const submitAll = (batcher: Batcher<number, string>, requests: number[]) =>
  Promise.allSettled(requests.map((request) => batcher.submit(request, never)));
