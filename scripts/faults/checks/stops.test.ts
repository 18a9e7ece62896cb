/** The checker finds requests that a graceful stop left without an answer, and unexpected exits. */
import { expect, test } from 'vitest';
import type { Call } from '../history.ts';
import { call, found, validEvidence, validState, withCalls, withMoreCalls } from './tampered.ts';

test('accepted but not answered: the effect of a call that a graceful stop cut off', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const evidence = { ...withCalls(({ startMs }) => startMs === 30, lost), graceful: true };
  expect(found(evidence)).toEqual(['accepted but not answered']);
  const silent = withCalls(({ startMs }) => startMs === 40, lost);
  const payed = call(100, { operation: 'payOrder', orderId: 11, outcome: 'ok' });
  const orders = validState().orders.map((each) => (each.orderId === 11 ? { ...each, updatedMs: 45 } : each));
  const final = { ...validState(), orders };
  expect(found({ ...silent, calls: [...silent.calls, payed], final, graceful: true })).toEqual([
    'accepted but not answered',
  ]);
});

test('an answer of OUTCOME_UNKNOWN accounts for the effect of a call that a later stop cut off', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const evidence = withCalls(({ startMs }) => startMs === 30, lost);
  const cutOff = evidence.calls.find(({ startMs }) => startMs === 30) as Call;
  const undecided: Call = { ...cutOff, startMs: 20, endMs: 29, reason: 'OUTCOME_UNKNOWN' };
  expect(found({ ...evidence, calls: [undecided, ...evidence.calls], graceful: true })).toEqual([]);
});

test('accepted but not answered: a read that had reached the service before the signal', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const stopped = (what: Partial<Call>) => ({
    ...withMoreCalls(call(100, { operation: 'getStock', sku: 1, ...lost, ...what })),
    ...{ graceful: true, stops: [{ writtenByMs: 102, atMs: 105 }] },
  });
  expect(found(stopped({ onOpenConnection: true }))).toEqual(['accepted but not answered']);
  // A new connection, a request that came during the stop, and one that was lost before it.
  expect(found(stopped({}))).toEqual([]);
  expect(found({ ...stopped({ onOpenConnection: true }), stops: [{ writtenByMs: 99, atMs: 105 }] })).toEqual(
    [],
  );
  expect(found({ ...stopped({ onOpenConnection: true }), stops: [{ writtenByMs: 112, atMs: 115 }] })).toEqual(
    [],
  );
});

test('accepted but not answered: the log shows that requests were cut off', () => {
  const log = ['{"level":40,"requests":2,"msg":"http requests are cut off"}'];
  expect(found({ ...validEvidence(), log, graceful: true })).toEqual(['accepted but not answered']);
});

test('a process of the service that exited by itself', () => {
  expect(
    found({ ...validEvidence(), unexpectedExits: ['the service ended by itself with code 1: ...'] }),
  ).toEqual(['internal error']);
});
