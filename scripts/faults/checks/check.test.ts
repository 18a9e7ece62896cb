/** The checker finds every kind of violation: a valid history is tampered with in one place. */
import { expect, test } from 'vitest';
import type { Call } from '../history.ts';
import type { Evidence } from './evidence.ts';
import {
  batchFailed,
  both,
  call,
  create,
  finalOrder,
  found,
  HOT,
  hot,
  SCARCE,
  sample,
  short,
  validCalls,
  validEvidence,
  validState,
  withCalls,
  withFinal,
  withMoreCalls,
  withOrders,
} from './tampered.ts';

test('a valid history has no violations', () => {
  expect(found(validEvidence())).toEqual([]);
  expect(found({ ...validEvidence(), graceful: true })).toEqual([]);
});

test('a lost order: acknowledged and not there', () => {
  const evidence = withOrders((order) => (order.orderId === 15 ? [] : [order]));
  // The stock was read while the order still held its lines.
  expect(found(evidence)).toEqual([
    ...['ledger mismatch', 'lost event', 'lost order', 'stale read', 'wrong movement'],
  ]);
});

test('a changed order: other lines in the end, or to a reader', () => {
  const lines = [{ sku: HOT, count: 3 }];
  expect(found(withOrders((order) => [order.orderId === 14 ? { ...order, lines } : order]))).toEqual([
    'changed order',
    'wrong movement',
  ]);
  expect(found(withCalls(({ operation }) => operation === 'getOrder', { seenLines: lines }))).toEqual([
    'changed order',
  ]);
  expect(found(withCalls(({ operation }) => operation === 'getOrder', { seenUser: 9 }))).toEqual([
    'changed order',
  ]);
});

test('an order applied twice: two orders where one was wanted, or one that no call requested', () => {
  const twice = withOrders((order) => (order.orderId === 15 ? [order, { ...order, orderId: 16 }] : [order]));
  expect(found(twice)).toContain('applied twice');
  const unasked = withOrders((order) => (order.orderId === 14 ? [order, { ...order, user: 99 }] : [order]));
  expect(found(unasked)).toContain('applied twice');
});

test('two outcomes for one key: two answers, or a key that leads elsewhere', () => {
  const again = create(100, 5, hot, { answeredId: 16, replayed: true });
  expect(found(withMoreCalls(again))).toContain('two outcomes for one key');
  const refused = create(100, 5, hot, { ...short, answeredId: 15 });
  expect(found(withMoreCalls(refused))).toContain('two outcomes for one key');
  const keys = new Map(validState().keys).set('1', 14);
  expect(found(withFinal({ keys }))).toEqual(['two outcomes for one key']);
});

test('a double reservation: the stock holds more than its orders do', () => {
  const stocks = validState().stocks.map((row) => (row.sku === HOT ? { ...row, reserved: 6 } : row));
  expect(found(withFinal({ stocks }))).toEqual(['broken chain', 'ledger mismatch']);
});

test('goods taken twice: the stock lost more than payed orders took', () => {
  const stocks = validState().stocks.map((row) => (row.sku === HOT ? { ...row, total: 96 } : row));
  expect(found(withFinal({ stocks }))).toEqual(['broken chain', 'ledger mismatch']);
});

test('a ledger mismatch, oversold stock or an undecided order in an audit during the run', () => {
  const withSample = (change: Partial<typeof sample>): Evidence => ({
    ...validEvidence(),
    samples: [{ node: 'replica', atMs: 50, ...sample, ...change }],
  });
  expect(found(withSample({ wrongSkus: 1 }))).toEqual(['ledger mismatch']);
  expect(found(withSample({ oversoldSkus: 1 }))).toEqual(['oversold']);
  expect(found(withSample({ undecidedOrders: 1 }))).toEqual(['stuck new']);
  expect(found(withSample({ bareOrders: 1 }))).toEqual(['changed order']);
  expect(found(withSample({ orphanLines: 1 }))).toEqual(['changed order']);
});

test('oversold: more is held in the end than there was', () => {
  const more = create(100, 6, both, { answeredId: 16 });
  const evidence = withMoreCalls(more);
  const orders = [...validState().orders, finalOrder(16, 'awaiting payment', both)];
  expect(found({ ...evidence, final: { ...validState(), orders } })).toContain('oversold');
});

test('oversold for a moment: two orders held the same pieces, and one was cancelled', () => {
  const more = create(100, 6, both, { answeredId: 16 });
  const back = call(120, { operation: 'cancelOrder', orderId: 16, outcome: 'ok' });
  const orders = [...validState().orders, finalOrder(16, 'cancelled', both)];
  const keys = new Map(validState().keys).set('6', 16);
  const evidence = withMoreCalls(more, back);
  expect(found({ ...evidence, final: { ...validState(), orders, keys } })).toEqual(['oversold']);
});

test('a stale read of an order: acknowledged as payed, then read as open, or not found', () => {
  const isRead = ({ operation }: Call) => operation === 'getOrder';
  expect(found(withCalls(isRead, { status: 'awaiting payment' }))).toEqual(['stale read']);
  const missing = { outcome: 'refused', reason: 'ORDER_NOT_FOUND' } as const;
  const { status: _status, ...read } = validCalls().find(isRead) as Call;
  const calls = validCalls().map((each) => (isRead(each) ? { ...read, ...missing } : each));
  expect(found({ ...validEvidence(), calls })).toEqual(['stale read']);
});

test('a read that began before the acknowledgement may see either', () => {
  const isRead = ({ operation }: Call) => operation === 'getOrder';
  expect(found(withCalls(isRead, { startMs: 45, status: 'awaiting payment' }))).toEqual([]);
});

test('a stale read of stock: more or less than is possible', () => {
  const isRead = ({ sku }: Call) => sku === SCARCE;
  expect(found(withCalls(isRead, { count: 3 }))).toEqual(['stale read']);
  expect(found(withCalls(({ sku }) => sku === HOT, { count: 93 }))).toEqual(['stale read']);
  expect(found(withCalls(({ sku }) => sku === HOT, { count: 95 }))).toEqual(['stale read']);
});

test('an illegal transition: out of a final status, seen by a reader or in the end', () => {
  const isRead = ({ operation }: Call) => operation === 'getOrder';
  expect(found(withCalls(isRead, { status: 'cancelled' }))).toEqual(['illegal transition']);
  const end = withOrders((order) => [
    order.orderId === 14 ? { ...order, status: 'awaiting payment' } : order,
  ]);
  expect(found(end)).toEqual([
    'false acknowledgement',
    'illegal transition',
    'ledger mismatch',
    'lost event',
  ]);
});

test('an order that was granted and then failed', () => {
  const failed = withOrders((order) => [order.orderId === 12 ? { ...order, status: 'failed' } : order]);
  expect(found(failed)).toContain('false acknowledgement');
});

test('stuck new: in the end, or to a reader', () => {
  expect(
    found(withOrders((order) => [order.orderId === 15 ? { ...order, status: 'new' } : order])),
  ).toContain('stuck new');
  expect(found(withCalls(({ operation }) => operation === 'getOrder', { status: 'new' }))).toContain(
    'stuck new',
  );
});

test('a false acknowledgement: payed by the answer and open in the database', () => {
  const evidence = withOrders((order) => [
    order.orderId === 11 ? { ...order, status: 'awaiting payment' } : order,
  ]);
  expect(found(evidence)).toContain('false acknowledgement');
});

test('done though refused: the answer states that nothing was done', () => {
  const refusal = { outcome: 'refused', reason: 'DATABASE_UNAVAILABLE' } as const;
  expect(found(withCalls(({ orderId, startMs }) => orderId === 14 && startMs === 45, refusal))).toContain(
    'done though refused',
  );
  const orders = [...validState().orders, finalOrder(16, 'failed')];
  expect(found(withFinal({ orders }))).toEqual(['done though refused']);
});

test('an unknown outcome that was not resolved', () => {
  const calls = validCalls().filter(({ replayed }) => !replayed);
  expect(found({ ...validEvidence(), calls })).toEqual(['unknown not resolved']);
  const unknown = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  expect(found(withCalls(({ startMs }) => startMs === 40, unknown))).toEqual(['unknown not resolved']);
});

test('a late answer is one by more than its callers and the service waited for a core', () => {
  const late = withCalls(({ startMs }) => startMs === 80, { endMs: 1_200 });
  const [call] = late.calls.filter(({ startMs }) => startMs === 80);
  const overMs = 1_200 - 80 - (call?.deadlineMs ?? 0) - late.toleranceMs;
  const waiting = (waitMs: number, fromMs = 500) => [{ fromMs, untilMs: fromMs + 100, waitMs }];
  expect(overMs).toBeGreaterThan(0);
  expect(found({ ...late, coreWaits: waiting(overMs - 1) })).toEqual(['late answer']);
  expect(found({ ...late, coreWaits: waiting(overMs + 1, 1_300) })).toEqual(['late answer']);
  expect(found({ ...late, coreWaits: waiting(overMs + 1) })).toEqual([]);
});

test('a bug that was answered or logged', () => {
  const internal = { outcome: 'refused', reason: 'INTERNAL' } as const;
  expect(found(withCalls(({ startMs }) => startMs === 80, internal))).toEqual(['internal error']);
  const log = [batchFailed('DatabaseError')];
  expect(found({ ...validEvidence(), log })).toEqual(['internal error']);
});

test('a stale read of a failed order: refused for lack of stock, then not found or open', () => {
  const missing = { outcome: 'refused', reason: 'ORDER_NOT_FOUND' } as const;
  expect(found(withMoreCalls(call(100, { operation: 'getOrder', orderId: 13, ...missing })))).toEqual([
    'stale read',
  ]);
  const open = { status: 'awaiting payment', seenUser: 3, seenLines: both } as const;
  expect(
    found(withMoreCalls(call(100, { operation: 'getOrder', orderId: 13, outcome: 'ok', ...open }))),
  ).toEqual(['stale read']);
});

test('a replica that differs in the end', () => {
  const { orders, movements } = validState();
  const differs = (replica: Partial<Evidence['final']>) =>
    found({ ...validEvidence(), replica: { ...validState(), ...replica } });
  expect(differs({ orders: orders.slice(1) })).toEqual(['replica differs']);
  expect(differs({ orders: orders.map((each) => ({ ...each, status: 'payed' })) })).toEqual([
    'replica differs',
  ]);
  expect(differs({ keys: new Map() })).toEqual(['replica differs']);
  expect(differs({ movements: movements.slice(1) })).toEqual(['replica differs']);
  expect(differs({})).toEqual([]);
});
