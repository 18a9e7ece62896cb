/** A batcher of numbers for tests, whose batches end when the test ends them. */
import { expect, vi } from 'vitest';
import { Batcher, type BatcherOptions, type Caller, type Claim } from '../../src/service/batcher.ts';
import type { Clock, SetTimer } from '../../src/timing/clock.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';

export const by = (deadlineMs: number, client = ''): Caller => ({ deadlineMs, client });
export const never = by(Number.POSITIVE_INFINITY);

type Options = Partial<BatcherOptions<number, string>> & {
  readonly now?: Clock;
  readonly setTimer?: SetTimer;
};

/** Builds one, with limits that most tests do not care about. */
export function setUp({ now = () => 0, setTimer, ...options }: Options = {}) {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const run = async (claim: Claim<number>) => {
    const requests = claim();
    batches.push([...requests]);
    await new Promise<void>((resolve) => ends.push(resolve));
    return requests.map((request) => `done ${request}`);
  };
  const limits = { batchMax: 100, queueMax: 1_000, queueWeightMax: 1_000, lanes: 1, weightMax: 1_000 };
  const kind = { writes: true, weigh: () => 1 };
  const onFailure = vi.fn();
  const batcher = new Batcher({
    run,
    deadlines: new Deadlines(now, setTimer),
    onFailure,
    ...limits,
    ...kind,
    ...options,
  });
  const started = (count: number) => vi.waitFor(() => expect(batches).toHaveLength(count));
  const end = () => ends.shift()?.();
  return { batcher, batches, started, end, onFailure };
}

/** The state of each reply: its value, the error's name, or undefined while it is pending. */
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
