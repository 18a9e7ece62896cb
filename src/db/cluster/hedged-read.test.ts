/** Hedged reads from nodes that fail, are slow, or reply late, on fake timers. */
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

/** A node that replies or fails when the test triggers it. */
function node(name: string) {
  let succeed = () => {};
  let fail: (error?: Error) => void = () => {};
  const reply = new Promise<string>((resolve, reject) => {
    succeed = () => resolve(name);
    fail = (error = new NodeError(name)) => reject(error);
  });
  reply.catch(() => {});
  return { name, slowReads: 0, hedges: 0, reply, succeed, fail };
}

type Node = ReturnType<typeof node>;

/** Starts a hedged read, and records which nodes got it. */
function read(...nodes: [Node, ...Node[]]) {
  const queried: string[] = [];
  const reply = hedgedRead(nodes, {
    read: (each) => {
      queried.push(each.name);
      return each.reply;
    },
    hedgeDelayMs: HEDGE_DELAY_MS,
    isNodeError: (error) => error instanceof NodeError,
    deadlines,
  });
  reply.catch(() => {});
  return { queried, reply };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const passDelay = () => vi.advanceTimersByTimeAsync(HEDGE_DELAY_MS);

test('only the first node is read when it replies within the hedge delay', async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, reply } = read(a, b);
  a.succeed();
  expect(await reply).toBe('a');
  await passDelay();
  expect(queried).toEqual(['a']);
});

test('the next node is read at once when a node fails', async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, reply } = read(a, b);
  a.fail();
  await settled();
  expect(queried).toEqual(['a', 'b']);
  b.succeed();
  expect(await reply).toBe('b');
});

test('the next node is read too after the hedge delay, and the first reply wins', async () => {
  for (const first of ['a', 'b']) {
    const [a, b] = [node('a'), node('b')];
    const { queried, reply } = read(a, b);
    await passDelay();
    expect([queried, a.slowReads]).toEqual([['a', 'b'], 1]);
    for (const each of [a, b]) if (each.name === first) each.succeed();
    expect(await reply).toBe(first);
    for (const each of [a, b]) each.fail();
    await settled();
    expect([a.slowReads, b.slowReads]).toEqual([0, 0]);
  }
});

test('a next node that is already slow is read only when the current one fails', async () => {
  const [a, b] = [node('a'), node('b')];
  b.slowReads = 1;
  const { queried, reply } = read(a, b);
  await passDelay();
  expect(queried).toEqual(['a']);
  a.fail();
  await settled();
  expect(queried).toEqual(['a', 'b']);
  b.succeed();
  expect(await reply).toBe('b');
});

test('no further node is read after a reply', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  const { queried, reply } = read(a, b, c);
  await passDelay();
  a.succeed();
  expect(await reply).toBe('a');
  await passDelay();
  b.fail();
  await passDelay();
  expect(queried).toEqual(['a', 'b']);
});

test('a read fails only when every node has failed, slow ones included', async () => {
  const [a, b] = [node('a'), node('b')];
  const { reply } = read(a, b);
  const failed = vi.fn();
  reply.catch(failed);
  await passDelay();
  b.fail();
  await settled();
  expect(failed).not.toHaveBeenCalled();
  a.fail();
  await expect(reply).rejects.toThrow('a');
});

test("an error that is not the node's is thrown at once, and no other node is read", async () => {
  const [a, b] = [node('a'), node('b')];
  const { queried, reply } = read(a, b);
  a.fail(new Error('a bug'));
  await expect(reply).rejects.toThrow('a bug');
  await passDelay();
  expect(queried).toEqual(['a']);
});

test('slow nodes are read last, and the order stays when all are slow', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  a.slowReads = 2;
  expect(slowLast([a, b, c]).map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  b.slowReads = c.slowReads = 2;
  expect(slowLast([c, a, b]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});
