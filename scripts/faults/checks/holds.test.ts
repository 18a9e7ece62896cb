/** The checker finds what is wrong with reservations: a valid history is tampered with in one place. */
import { describe, expect, test } from 'vitest';
import type { FinalOrder } from '../final-state.ts';
import type { Call } from '../history.ts';
import type { Evidence } from './evidence.ts';
import {
  call,
  create,
  found,
  hot,
  sample,
  stateOf,
  validCalls,
  validEvidence,
  validState,
} from './tampered.ts';

const END_MS = 200;
const ID = 16;

/** The valid history, and an order whose reservation ends at 200 ms, with what else is done with it. */
function withOrder(calls: Call[], change: Partial<FinalOrder>, samples = validEvidence().samples): Evidence {
  const { orders } = validState();
  const made = create(100, 6, hot, { answeredId: ID, expiresAtMs: END_MS });
  const order: FinalOrder = {
    ...{ orderId: ID, user: 6, status: 'cancelled', cancelReason: 'expired', lines: hot },
    ...{ updatedMs: END_MS, expiresMs: END_MS, version: 0, ...change },
  };
  const known = validCalls().filter(({ user }) => user !== 6);
  const all = [...known, made, ...calls];
  return { ...validEvidence(), calls: all, final: stateOf(all, [...orders, order]), samples };
}

const about = (startMs: number, operation: Call['operation'], answer: Partial<Call>): Call =>
  call(startMs, { operation, orderId: ID, outcome: 'ok', ...answer });

const refused: Partial<Call> = {
  outcome: 'refused',
  reason: 'ORDER_EXPIRED',
  status: 'cancelled',
  cancelReason: 'expired',
  expiresAtMs: END_MS,
};
const seen = { seenUser: 6, seenLines: hot };
const payed = { status: 'payed', cancelReason: undefined } as const;

describe('nothing is wrong with', () => {
  const shown = { ...seen, status: 'cancelled', cancelReason: 'expired', expiresAtMs: END_MS } as const;
  test.each<[string, Evidence]>([
    [
      'an order that expired, is refused, cancelled, and read',
      withOrder(
        [about(210, 'payOrder', refused), about(220, 'cancelOrder', {}), about(230, 'getOrder', shown)],
        {},
      ),
    ],
    [
      'one that is payed late, after all of this',
      withOrder(
        [
          ...[about(210, 'payOrder', refused), about(220, 'cancelOrder', {}), about(230, 'getOrder', shown)],
          ...[
            about(240, 'payOrder', { acceptLate: true }),
            about(260, 'getOrder', { ...seen, status: 'payed' }),
          ],
        ],
        payed,
      ),
    ],
    [
      'a payment that began before the end and was done after it, with a read in between',
      withOrder([about(195, 'payOrder', { endMs: 230 }), about(210, 'getOrder', shown)], payed),
    ],
    [
      'an extension',
      withOrder([about(190, 'extendOrder', { expiresAtMs: 900 })], {
        ...{ status: 'awaiting payment', cancelReason: undefined, expiresMs: 900 },
      }),
    ],
  ])('%s', (_title, evidence) => expect(found(evidence)).toEqual([]));
});

test('payed after its end: by a payment that is not a late one, or after a refusal', () => {
  expect(found(withOrder([about(210, 'payOrder', {})], payed))).toEqual(['payed after its end']);
  const both = [about(190, 'payOrder', { endMs: 230 }), about(210, 'payOrder', refused)];
  expect(found(withOrder(both, payed))).toContain('payed after its end');
  const unknown = [about(195, 'payOrder', { outcome: 'unknown' }), about(210, 'extendOrder', refused)];
  expect(found(withOrder(unknown, payed))).toContain('payed after its end');
});

test('expired too early: refused or read so before the end, or released as of another time', () => {
  expect(found(withOrder([about(150, 'payOrder', refused)], {}))).toEqual(['expired too early']);
  const read = about(150, 'getOrder', { ...seen, status: 'cancelled', cancelReason: 'expired' });
  expect(found(withOrder([read], {}))).toEqual(['expired too early']);
  expect(found(withOrder([], { updatedMs: 150 }))).toEqual(['expired too early']);
});

test('a cancelled order that nobody cancelled, and that did not expire', () => {
  expect(found(withOrder([], { cancelReason: 'requested' }))).toEqual(['done though refused']);
});

test('held too long, while the service does writes', () => {
  const open = { status: 'awaiting payment', cancelReason: undefined } as const;
  const at = (overdueMs: number) => [{ node: 'primary' as const, atMs: 5_000, ...sample, overdueMs }];
  const writes = Array.from({ length: 50 }, (_, index) =>
    about(100 * index, 'extendOrder', { expiresAtMs: END_MS }),
  );
  expect(found(withOrder(writes, open, at(4_800)))).toEqual(['held too long']);
  expect(found(withOrder(writes, open, at(3_900)))).toEqual([]);
  const paused = writes.filter(({ startMs }) => startMs < 2_500 || startMs > 3_200);
  expect(found(withOrder(paused, open, at(4_800)))).toEqual([]);
});

test('held too long: judged by the primary of the time', () => {
  const open = { status: 'awaiting payment', cancelReason: undefined } as const;
  const writes = Array.from({ length: 50 }, (_, index) =>
    about(100 * index, 'extendOrder', { expiresAtMs: END_MS }),
  );
  const late = { ...sample, atMs: 4_900, overdueMs: 4_700 };
  const promoted = { ...sample, node: 'replica' as const, atMs: 4_800, timeline: 2 };
  const judged = (...samples: Evidence['samples'][number][]) => found(withOrder(writes, open, samples));
  expect(judged({ ...late, node: 'replica', timeline: null })).toEqual([]);
  expect(judged(promoted, { ...late, node: 'primary' })).toEqual([]);
  expect(judged(promoted, { ...late, node: 'replica', timeline: 2 })).toEqual(['held too long']);
});

test('a stale read of the end: acknowledged as extended, then read with the end before', () => {
  const open = { status: 'awaiting payment', cancelReason: undefined, expiresMs: 900 } as const;
  const extended = about(150, 'extendOrder', { expiresAtMs: 900 });
  const read = (startMs: number) =>
    about(startMs, 'getOrder', { ...seen, status: 'awaiting payment', expiresAtMs: END_MS });
  expect(found(withOrder([extended, read(170)], open))).toEqual(['stale read']);
  expect(found(withOrder([extended, read(155)], open))).toEqual([]);
});
