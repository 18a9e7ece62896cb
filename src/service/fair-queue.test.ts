/** How clients share the queue: turns, shares, and requests that leave before their turn. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue, type Queued } from './fair-queue.ts';

const request = (client: string, weight = 1, name = client) => ({ client, weight, name, queued: false });

type Request = ReturnType<typeof request>;

const add = (queue: FairQueue<Request>, client: string, weight: number, count: number) =>
  Array.from({ length: count }, () => queue.add(request(client, weight))).filter(Boolean).length;

const clientsOf = (batch: readonly Queued[]) => batch.map(({ client }) => client).join('');

test('one client is served in the order of arrival', () => {
  const queue = new FairQueue<Request>({ queueMax: 100, queueWeightMax: 10_000 });
  for (const name of ['1', '2', '3', '4']) queue.add(request('a', 300, name));
  expect(queue.take(3, 1_000).map(({ name }) => name)).toEqual(['1', '2', '3']);
  expect(queue.take(3, 1_000).map(({ name }) => name)).toEqual(['4']);
  expect([queue.size, queue.take(3, 1_000)]).toEqual([0, []]);
});

test('a small request is in the next batch, however many large ones others have waiting', () => {
  const queue = new FairQueue<Request>({ queueMax: 1_000, queueWeightMax: 1_000_000 });
  add(queue, 'a', 1_000, 150);
  add(queue, 'b', 1, 1);
  expect(clientsOf(queue.take(1_000, 10_000))).toContain('b');
});

test('clients get the same weight, whatever the weight of each request', () => {
  const queue = new FairQueue<Request>({ queueMax: 100_000, queueWeightMax: 1_000_000 });
  add(queue, 'a', 1_000, 100);
  add(queue, 'b', 10, 5_000);
  const weights = { a: 0, b: 0 };
  for (let batches = 0; batches < 4; batches++) {
    for (const { client, weight } of queue.take(1_000, 10_000)) weights[client as 'a' | 'b'] += weight;
  }
  expect(Math.abs(weights.a - weights.b)).toBeLessThanOrEqual(1_000);
});

test('a turn that a full batch cuts short goes on in the next batch', () => {
  const queue = new FairQueue<Request>({ queueMax: 1_000, queueWeightMax: 1_000 });
  add(queue, 'a', 1, 200);
  add(queue, 'b', 1, 200);
  const batches = Array.from({ length: 5 }, () => clientsOf(queue.take(80, 1_000)));
  const turns = batches
    .join('')
    .match(/a+|b+/g)
    ?.map((turn) => turn.length);
  expect(turns).toEqual([100, 100, 100, 100]);
});

test('one client fills nine tenths of the queue, and there is room for the next ones', () => {
  const queue = new FairQueue<Request>({ queueMax: 1_000, queueWeightMax: 1_000_000 });
  expect(add(queue, 'a', 1, 2_000)).toBe(900);
  expect(add(queue, 'b', 1, 2_000)).toBe(90);
  expect(add(queue, 'c', 1, 1)).toBe(1);
});

test('the limits hold for the weight too, and for a queue of any clients', () => {
  const queue = new FairQueue<Request>({ queueMax: 10, queueWeightMax: 1_000 });
  expect(add(queue, 'a', 300, 10)).toBe(3);
  expect(add(queue, 'b', 101, 1)).toBe(0);
  expect(add(queue, 'b', 100, 1)).toBe(1);
  expect(queue.take(10, 1_000).map(({ weight }) => weight)).toContain(100);
  const small = new FairQueue<Request>({ queueMax: 3, queueWeightMax: 1_000 });
  expect(['a', 'b', 'c', 'd'].map((client) => small.add(request(client)))).toEqual([true, true, true, false]);
});

test('a request that left before its turn is not taken, and its place and its turn are free', () => {
  const queue = new FairQueue<Request>({ queueMax: 3, queueWeightMax: 1_000 });
  const [a1, a2, b1] = [request('a', 1, 'a1'), request('a', 1, 'a2'), request('b', 1, 'b1')];
  for (const each of [a1, a2, b1]) queue.add(each);
  expect([queue.remove(a1), queue.remove(b1), queue.remove(b1)]).toEqual([true, true, false]);
  expect(queue.size).toBe(1);
  const [c1, b2] = [request('c', 1, 'c1'), request('b', 1, 'b2')];
  expect([queue.add(c1), queue.add(b2)]).toEqual([true, true]);
  expect(queue.take(10, 1_000).map(({ name }) => name)).toEqual(['a2', 'c1', 'b2']);
  expect(queue.remove(a2)).toBe(false);
});

test('a client that leaves does not cost the next one its turn', () => {
  const queue = new FairQueue<Request>({ queueMax: 100, queueWeightMax: 1_000 });
  const [a1, a2] = [request('a', 100), request('a', 100)];
  for (const each of [a1, a2]) queue.add(each);
  add(queue, 'b', 100, 2);
  add(queue, 'c', 100, 2);
  expect(clientsOf(queue.take(2, 1_000))).toBe('ab');
  queue.remove(a2);
  expect(clientsOf(queue.take(2, 1_000))).toBe('cb');
});

/** Takes a batch that passes these requests over. */
const takeWithout = (queue: FairQueue<Request>, names: readonly string[], sizeMax = 100) =>
  queue.take(sizeMax, 1_000, ({ name }) => !names.includes(name)).map(({ name }) => name);

test('a request that is passed over keeps its place', () => {
  const queue = new FairQueue<Request>({ queueMax: 100, queueWeightMax: 1_000 });
  for (const name of ['1', '2', '3', '4']) queue.add(request('a', 1, name));
  expect(takeWithout(queue, ['1', '3'], 1)).toEqual(['2']);
  expect(takeWithout(queue, ['1', '3'])).toEqual(['4']);
  expect([queue.size, takeWithout(queue, ['1', '3'])]).toEqual([2, []]);
  expect(queue.take(10, 1_000).map(({ name }) => name)).toEqual(['1', '3']);
});

test('a client whose requests are passed over gains no credit, and the others are served', () => {
  const queue = new FairQueue<Request>({ queueMax: 1_000, queueWeightMax: 10_000 });
  add(queue, 'a', 1, 40);
  add(queue, 'b', 100, 30);
  for (let takes = 0; takes < 20; takes++) expect(takeWithout(queue, ['a'], 1)).toEqual(['b']);
  add(queue, 'a', 1, 260);
  const turns = clientsOf(queue.take(290, 2_000))
    .match(/a+/g)
    ?.map((turn) => turn.length);
  expect(turns).toEqual([100, 100, expect.any(Number)]);
});

test('a batch that has passed over much takes no more', () => {
  const queue = new FairQueue<Request>({ queueMax: 1_000, queueWeightMax: 10_000 });
  for (let count = 0; count < 500; count++) queue.add(request('a', 2, 'blocked'));
  queue.add(request('a', 2, 'free'));
  let looks = 0;
  const accepts = ({ name }: Request) => {
    looks++;
    return name === 'free';
  };
  expect([queue.take(100, 1_000, accepts), looks]).toEqual([[], 33]);
});

test('for any arrivals, departures and batches: nothing is lost, taken twice, or out of its order', () => {
  const step = fc.oneof(
    fc.record({ client: fc.constantFrom('a', 'b', 'c'), weight: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ leaves: fc.nat(30) }),
    fc.record({
      sizeMax: fc.integer({ min: 1, max: 6 }),
      weightMax: fc.integer({ min: 1, max: 900 }),
      /** Requests heavier than this are passed over. */
      acceptedMax: fc.oneof(fc.constant(400), fc.integer({ min: 1, max: 400 })),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new FairQueue<Request>({ queueMax: 20, queueWeightMax: 4_000 });
      /** What must be in the queue, in the order of arrival. */
      let waiting: Request[] = [];
      for (const [index, each] of steps.entries()) {
        if ('client' in each) {
          const added = request(each.client, each.weight, String(index));
          if (queue.add(added)) waiting.push(added);
        } else if ('leaves' in each) {
          const leaving = waiting[each.leaves];
          if (leaving !== undefined) expect(queue.remove(leaving)).toBe(true);
          waiting = waiting.filter((other) => other !== leaving);
        } else {
          const accepts = ({ weight }: Request) => weight <= each.acceptedMax;
          const batch = queue.take(
            each.sizeMax,
            each.weightMax,
            each.acceptedMax < 400 ? accepts : undefined,
          );
          expect(batch.every(accepts)).toBe(true);
          if (waiting.every(accepts)) expect(batch.length > 0).toBe(waiting.length > 0);
          expect(batch.length).toBeLessThanOrEqual(each.sizeMax);
          const weight = batch.reduce((sum, taken) => sum + taken.weight, 0);
          expect(batch.length <= 1 || weight <= each.weightMax).toBe(true);
          for (const client of ['a', 'b', 'c']) {
            const taken = batch.filter((other) => other.client === client);
            const own = waiting.filter((other) => other.client === client && accepts(other));
            const first = own.slice(0, taken.length);
            expect(taken).toEqual(first);
          }
          waiting = waiting.filter((other) => !batch.includes(other));
        }
        expect(queue.size).toBe(waiting.length);
        expect(queue.size).toBeLessThanOrEqual(20);
      }
      while (waiting.length > 0) {
        const batch = queue.take(20, 4_000);
        expect(batch.length).toBeGreaterThan(0);
        waiting = waiting.filter((other) => !batch.includes(other));
      }
      expect([queue.size, queue.take(20, 4_000)]).toEqual([0, []]);
    }),
    { numRuns: 500 },
  );
});

test('the largest request goes by itself, when it is heavier than a batch', () => {
  const queue = new FairQueue<Request>({ queueMax: 10, queueWeightMax: 10_000 });
  queue.add(request('a', 5_000));
  queue.add(request('b', 1));
  expect(queue.take(10, 1_000)).toHaveLength(1);
  expect(queue.take(10, 1_000)).toHaveLength(1);
});
