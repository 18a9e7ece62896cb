/** The checker finds what a service that was stopped in order had taken and did not answer, and one that ended badly. */
import { expect, test } from 'vitest';
import type { Call } from '../history.ts';
import { call, found, honest, honestState, withCalls, withMoreCalls } from './doctored.ts';

test('accepted but not answered: done by a call that lost its connection, while the service stopped in order', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const evidence = { ...withCalls(({ startMs }) => startMs === 30, lost), orderly: true };
  expect(found(evidence)).toEqual(['accepted but not answered']);
  const silent = withCalls(({ startMs }) => startMs === 40, lost);
  const paid = call(100, { operation: 'payOrder', orderId: 11, outcome: 'ok' });
  const orders = honestState().orders.map((each) =>
    each.orderId === 11 ? { ...each, updatedMs: 45 } : each,
  );
  const final = { ...honestState(), orders };
  expect(found({ ...silent, calls: [...silent.calls, paid], final, orderly: true })).toEqual([
    'accepted but not answered',
  ]);
});

test('accepted but not answered: a read that was with the service before it was told to stop', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const stopped = (what: Partial<Call>) => ({
    ...withMoreCalls(call(100, { operation: 'getStock', sku: 1, ...lost, ...what })),
    ...{ orderly: true, stops: [{ writtenByMs: 102, atMs: 105 }] },
  });
  expect(found(stopped({ onExisting: true }))).toEqual(['accepted but not answered']);
  // A connection that it did not have yet, a request that came while it stopped, and one that was lost before.
  expect(found(stopped({}))).toEqual([]);
  expect(found({ ...stopped({ onExisting: true }), stops: [{ writtenByMs: 99, atMs: 105 }] })).toEqual([]);
  expect(found({ ...stopped({ onExisting: true }), stops: [{ writtenByMs: 112, atMs: 115 }] })).toEqual([]);
});

test('accepted but not answered: the log tells that something was cut off', () => {
  const log = ['{"level":40,"requests":2,"msg":"http requests are cut off"}'];
  expect(found({ ...honest(), log, orderly: true })).toEqual(['accepted but not answered']);
});

test('a process of the service that ended by itself', () => {
  expect(found({ ...honest(), accidents: ['the service ended by itself with code 1: ...'] })).toEqual([
    'internal error',
  ]);
});
