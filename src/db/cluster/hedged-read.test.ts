/** Whom a read goes to when nodes fail, are silent, or come late, with a clock that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askInTurn, silentLast } from './hedged-read.ts';

const PATIENCE_MS = 100;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Broken extends Error {}

/** A node that answers, or breaks, when the test says so. */
function node(name: string) {
  let say = () => {};
  let fail: (error?: Error) => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    say = () => resolve(name);
    fail = (error = new Broken(name)) => reject(error);
  });
  answer.catch(() => {});
  return { name, overdue: 0, answer, say, fail };
}

type Node = ReturnType<typeof node>;

/** Asks them, and notes who was. */
function ask(...nodes: [Node, ...Node[]]) {
  const asked: string[] = [];
  const answer = askInTurn(nodes, {
    ask: (each) => {
      asked.push(each.name);
      return each.answer;
    },
    patienceMs: PATIENCE_MS,
    isOfNode: (error) => error instanceof Broken,
  });
  answer.catch(() => {});
  return { asked, answer };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const later = () => vi.advanceTimersByTimeAsync(PATIENCE_MS);

test('the first node is asked alone as long as it answers soon', async () => {
  const [a, b] = [node('a'), node('b')];
  const { asked, answer } = ask(a, b);
  a.say();
  expect(await answer).toBe('a');
  await later();
  expect(asked).toEqual(['a']);
});

test('a node that fails makes room for the next at once', async () => {
  const [a, b] = [node('a'), node('b')];
  const { asked, answer } = ask(a, b);
  a.fail();
  await settled();
  expect(asked).toEqual(['a', 'b']);
  b.say();
  expect(await answer).toBe('b');
});

test('while a node is silent the next one is asked too, and the first answer counts, whoever gives it', async () => {
  for (const first of ['a', 'b']) {
    const [a, b] = [node('a'), node('b')];
    const { asked, answer } = ask(a, b);
    await later();
    expect([asked, a.overdue]).toEqual([['a', 'b'], 1]);
    for (const each of [a, b]) if (each.name === first) each.say();
    expect(await answer).toBe(first);
    for (const each of [a, b]) each.fail();
    await settled();
    expect([a.overdue, b.overdue]).toEqual([0, 0]);
  }
});

test('a next node that is silent as well is asked only when this one fails', async () => {
  const [a, b] = [node('a'), node('b')];
  b.overdue = 1;
  const { asked, answer } = ask(a, b);
  await later();
  expect(asked).toEqual(['a']);
  a.fail();
  await settled();
  expect(asked).toEqual(['a', 'b']);
  b.say();
  expect(await answer).toBe('b');
});

test('nobody more is asked once there is an answer', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  const { asked, answer } = ask(a, b, c);
  await later();
  a.say();
  expect(await answer).toBe('a');
  await later();
  b.fail();
  await later();
  expect(asked).toEqual(['a', 'b']);
});

test('it has failed only when the last of all has, also of those that were silent', async () => {
  const [a, b] = [node('a'), node('b')];
  const { answer } = ask(a, b);
  const failed = vi.fn();
  answer.catch(failed);
  await later();
  b.fail();
  await settled();
  expect(failed).not.toHaveBeenCalled();
  a.fail();
  await expect(answer).rejects.toThrow('a');
});

test('an error that is not the node’s is told at once, and no other node is asked', async () => {
  const [a, b] = [node('a'), node('b')];
  const { asked, answer } = ask(a, b);
  a.fail(new Error('a bug'));
  await expect(answer).rejects.toThrow('a bug');
  await later();
  expect(asked).toEqual(['a']);
});

test('silent nodes are asked last until they are heard of, and where all are silent the order stays', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  a.overdue = 2;
  expect(silentLast([a, b, c]).map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  b.overdue = c.overdue = 2;
  expect(silentLast([c, a, b]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});
