/** Hedged reads from nodes that fail, are slow, or answer late, with a clock that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from '../../timing/deadlines.ts';
import { hedgedRead, slowLast } from './hedged-read.ts';

const HEDGE_DELAY_MS = 100;

let deadlines: Deadlines;

beforeEach(() => {
  vi.useFakeTimers();
  deadlines = new Deadlines();
});

afterEach(() => {
  expect(deadlines.size).toBe(0);
  vi.useRealTimers();
});

class NodeError extends Error {}

/** A node that answers or fails when the test calls for it. */
function node(name: string) {
  let succeed = () => {};
  let fail: (error?: Error) => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    succeed = () => resolve(name);
    fail = (error = new NodeError(name)) => reject(error);
  });
  answer.catch(() => {});
  return { name, slowReads: 0, answer, succeed, fail };
}

type Node = ReturnType<typeof node>;

/** Starts a hedged read, and records which nodes got it. */
function read(...nodes: [Node, ...Node[]]) {
  const queried: string[] = [];
  const answer = hedgedRead(nodes, {
    read: (each) => {
      queried.push(each.name);
      return each.answer;
    },
    hedgeDelayMs: HEDGE_DELAY_MS,
    isNodeError: (error) => error instanceof NodeError,
    deadlines,
  });
  answer.catch(() => {});
  return { queried, answer };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const passDelay = () => vi.advanceTimersByTimeAsync(HEDGE_DELAY_MS);

test('the first node is read alone while it answers in time', async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, answer } = read(a, b);
  a.succeed();
  expect(await answer).toBe('a');
  await passDelay();
  expect(queried).toEqual(['a']);
});

test('when a node fails the next one is read at once', async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, answer } = read(a, b);
  a.fail();
  await settled();
  expect(queried).toEqual(['a', 'b']);
  b.succeed();
  expect(await answer).toBe('b');
});

test('while a node is slow the next one is read too, and the first answer wins', async () => {
  for (const first of ['a', 'b']) {
    const [a, b] = [node('a'), node('b')];
    const { queried, answer } = read(a, b);
    await passDelay();
    expect([queried, a.slowReads]).toEqual([['a', 'b'], 1]);
    for (const each of [a, b]) if (each.name === first) each.succeed();
    expect(await answer).toBe(first);
    for (const each of [a, b]) each.fail();
    await settled();
    expect([a.slowReads, b.slowReads]).toEqual([0, 0]);
  }
});

test('a next node that is slow too is read only when this one fails', async () => {
  const [a, b] = [node('a'), node('b')];
  b.slowReads = 1;
  const { queried, answer } = read(a, b);
  await passDelay();
  expect(queried).toEqual(['a']);
  a.fail();
  await settled();
  expect(queried).toEqual(['a', 'b']);
  b.succeed();
  expect(await answer).toBe('b');
});

test('no further node is read once there is an answer', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  const { queried, answer } = read(a, b, c);
  await passDelay();
  a.succeed();
  expect(await answer).toBe('a');
  await passDelay();
  b.fail();
  await passDelay();
  expect(queried).toEqual(['a', 'b']);
});

test('a read fails only when every node has failed, slow ones included', async () => {
  const [a, b] = [node('a'), node('b')];
  const { answer } = read(a, b);
  const failed = vi.fn();
  answer.catch(failed);
  await passDelay();
  b.fail();
  await settled();
  expect(failed).not.toHaveBeenCalled();
  a.fail();
  await expect(answer).rejects.toThrow('a');
});

test("an error that is not the node's is thrown at once, and no other node is read", async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, answer } = read(a, b);
  a.fail(new Error('a bug'));
  await expect(answer).rejects.toThrow('a bug');
  await passDelay();
  expect(queried).toEqual(['a']);
});

test('slow nodes are read last until they answer, and where all are slow the order stays', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  a.slowReads = 2;
  expect(slowLast([a, b, c]).map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  b.slowReads = c.slowReads = 2;
  expect(slowLast([c, a, b]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});
