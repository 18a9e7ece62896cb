/** The checker finds acknowledgements during an outage, and reads that stopped during it. */
import { expect, test } from 'vitest';
import type { Call } from '../history.ts';
import type { Evidence } from './evidence.ts';
import { call, create, found, hot, stateOf, validEvidence, withMoreCalls } from './tampered.ts';

const outage = { fromMs: 200, untilMs: 1_000 };
const pay = (startMs: number, outcome: Call['outcome'], orderId = 12) =>
  call(startMs, { operation: 'payOrder', orderId, outcome });

/** What is found with these calls in an outage; order 12 is payed in the end. */
function during(...calls: Call[]): string[] {
  return found(payed({ ...withMoreCalls(...calls), outages: [outage] }));
}

function payed(evidence: Evidence): Evidence {
  const orders = evidence.final.orders.map((each) =>
    each.orderId === 12 ? { ...each, status: 'payed' as const } : each,
  );
  return { ...evidence, final: stateOf(evidence.calls, orders) };
}

test('a false acknowledgement: a payment first requested and acknowledged in the outage', () => {
  expect(during(pay(300, 'ok'))).toEqual(['false acknowledgement']);
  expect(during(pay(300, 'unknown'), pay(400, 'ok'))).toEqual(['false acknowledgement']);
});

test('a payment requested before the outage, or acknowledged after it, may have been confirmed', () => {
  expect(during(pay(150, 'ok'), pay(300, 'ok'))).toEqual([]);
  expect(during(pay(195, 'unknown'), pay(300, 'ok'))).toEqual([]);
  expect(during(pay(995, 'ok'))).toEqual([]);
});

test('a false acknowledgement: an order created, or first requested, in the outage', () => {
  const again = (startMs: number, replayed: boolean) => create(startMs, 4, hot, { answeredId: 14, replayed });
  const withoutFirst = { ...validEvidence(), outages: [outage] };
  const calls = withoutFirst.calls.filter(({ user }) => user !== 4);
  const unknown = create(25, 4, hot, { outcome: 'unknown', reason: 'OUTCOME_UNKNOWN' });
  expect(found({ ...withoutFirst, calls: [...calls, unknown, again(300, false)] })).toEqual([
    'false acknowledgement',
  ]);
  expect(found({ ...withoutFirst, calls: [...calls, unknown, again(300, true)] })).toEqual([]);
  const late = { ...unknown, startMs: 250, endMs: 260 };
  expect(found({ ...withoutFirst, calls: [...calls, late, again(300, true)] })).toContain(
    'false acknowledgement',
  );
});

test('reads that stopped: none was answered for longer than the detection of a silent node takes', () => {
  const read = (startMs: number) =>
    call(startMs, { operation: 'getStock', sku: 1, outcome: 'ok', count: 94 });
  const long = { fromMs: 200, untilMs: 2_800 };
  expect(found({ ...withMoreCalls(), outages: [long] })).toEqual(['reads stopped']);
  expect(found({ ...withMoreCalls(read(300)), outages: [long] })).toEqual(['reads stopped']);
  expect(found({ ...withMoreCalls(read(1_500)), outages: [long] })).toEqual([]);
});
