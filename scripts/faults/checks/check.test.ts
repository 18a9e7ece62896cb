/** The checker finds what was planted: an honest history is doctored in one place, and that is what it names. */
import { expect, test } from 'vitest';
import type { FinalOrder, FinalState } from '../final-state.ts';
import type { Call } from '../history.ts';
import { check } from './check.ts';
import type { Evidence } from './evidence.ts';

const HOT = 1;
const SCARCE = 2;
const stock = new Map([
  [HOT, 100],
  [SCARCE, 3],
]);

const common = { lane: 0, transport: 'REST', service: 0, deadlineMs: 1_000 } as const;
const hot = [{ sku: HOT, count: 2 }];
const both = [...hot, { sku: SCARCE, count: 3 }];

/** A call from a moment to ten milliseconds later. */
function call(startMs: number, what: Omit<Call, keyof typeof common | 'startMs' | 'endMs'>): Call {
  return { ...common, startMs, endMs: startMs + 10, ...what };
}

function create(startMs: number, user: number, lines: Call['lines'], answer: Partial<Call>): Call {
  const outcome = answer.outcome ?? 'ok';
  return call(startMs, { operation: 'create', user, lines: lines ?? [], key: `${user}`, outcome, ...answer });
}

/**
 * Five orders: 11 is paid, 12 holds all of the scarce sku, 13 failed for want of it, 14 was cancelled, and of 15
 * nobody knew until it was asked for again with its key.
 */
function honestCalls(): Call[] {
  return [
    create(0, 1, hot, { answeredId: 11 }),
    create(5, 2, both, { answeredId: 12 }),
    create(20, 3, both, { outcome: 'refused', reason: 'INSUFFICIENT_STOCK', answeredId: 13 }),
    create(25, 4, hot, { answeredId: 14 }),
    create(30, 5, hot, { outcome: 'unknown', reason: 'OUTCOME_UNKNOWN' }),
    call(40, { operation: 'pay', orderId: 11, outcome: 'ok' }),
    call(45, { operation: 'cancel', orderId: 14, outcome: 'ok' }),
    create(50, 5, hot, { answeredId: 15, replayed: true }),
    call(60, {
      ...{ operation: 'get', orderId: 11, outcome: 'ok' },
      ...{ status: 'payed', seenUser: 1, seenLines: hot },
    }),
    call(70, { operation: 'stock', sku: SCARCE, outcome: 'ok', count: 0 }),
    call(80, { operation: 'stock', sku: HOT, outcome: 'ok', count: 94 }),
    call(90, {
      ...{ operation: 'cancel', orderId: 11, outcome: 'refused' },
      ...{ reason: 'ORDER_NOT_CANCELLABLE', status: 'payed' },
    }),
    create(95, 6, hot, { outcome: 'refused', reason: 'DATABASE_UNAVAILABLE' }),
  ];
}

const finalOrder = (orderId: number, status: FinalOrder['status'], lines = hot): FinalOrder => ({
  ...{ orderId, user: orderId - 10, status, lines, updatedMs: 0 },
});

function honestState(): FinalState {
  return {
    orders: [
      finalOrder(11, 'payed'),
      finalOrder(12, 'awaiting payment', both),
      finalOrder(13, 'failed', both),
      finalOrder(14, 'cancelled'),
      finalOrder(15, 'awaiting payment'),
    ],
    stocks: [
      { sku: HOT, total: 98, reserved: 4 },
      { sku: SCARCE, total: 3, reserved: 3 },
    ],
    keys: new Map([11, 12, 13, 14, 15].map((orderId) => [`${orderId - 10}`, orderId])),
  };
}

/** How the service logs a batch that failed. */
const batchFailed = (type: string) => JSON.stringify({ level: 50, err: { type }, msg: 'batch failed' });

const sample = { wrongSkus: 0, oversoldSkus: 0, bareOrders: 0, undecidedOrders: 0, orders: 5 };

function honest(): Evidence {
  return {
    calls: honestCalls(),
    samples: [{ node: 'primary', atMs: 50, ...sample }],
    final: honestState(),
    log: [batchFailed('DatabaseUnavailable'), '{"level":30,"msg":"ready"}'],
    stock,
    toleranceMs: 100,
    beganAtMs: 0,
    orderly: false,
  };
}

/** The kinds of what is found, each once. */
function found(evidence: Evidence): string[] {
  return [...new Set(check(evidence).map(({ kind }) => kind))].sort();
}

/** Changes the calls that `isMeant`, which must be there. */
function withCalls(isMeant: (call: Call) => boolean, change: Partial<Call>): Evidence {
  const evidence = honest();
  if (!evidence.calls.some(isMeant)) throw new Error('nothing to doctor');
  return {
    ...evidence,
    calls: evidence.calls.map((each) => (isMeant(each) ? { ...each, ...change } : each)),
  };
}

const withMoreCalls = (...calls: Call[]): Evidence => ({ ...honest(), calls: [...honestCalls(), ...calls] });
const withFinal = (change: Partial<FinalState>): Evidence => ({
  ...honest(),
  final: { ...honestState(), ...change },
});
const withOrders = (change: (order: FinalOrder) => FinalOrder[]) =>
  withFinal({ orders: honestState().orders.flatMap(change) });

test('an honest history is found to be in order', () => {
  expect(check(honest())).toEqual([]);
  expect(check({ ...honest(), orderly: true })).toEqual([]);
});

test('a lost order: acknowledged and not there', () => {
  const evidence = withOrders((order) => (order.orderId === 15 ? [] : [order]));
  // The stock was read while the order still held its part.
  expect(found(evidence)).toEqual(['books do not balance', 'lost order', 'stale read']);
});

test('a changed order: other lines in the end, or to a reader', () => {
  const lines = [{ sku: HOT, count: 3 }];
  expect(found(withOrders((order) => [order.orderId === 14 ? { ...order, lines } : order]))).toEqual([
    'changed order',
  ]);
  expect(found(withCalls(({ operation }) => operation === 'get', { seenLines: lines }))).toEqual([
    'changed order',
  ]);
  expect(found(withCalls(({ operation }) => operation === 'get', { seenUser: 9 }))).toEqual([
    'changed order',
  ]);
});

test('an order applied twice: two orders where one was meant, or one that nobody asked for', () => {
  const twice = withOrders((order) => (order.orderId === 15 ? [order, { ...order, orderId: 16 }] : [order]));
  expect(found(twice)).toContain('applied twice');
  const unasked = withOrders((order) => (order.orderId === 14 ? [order, { ...order, user: 99 }] : [order]));
  expect(found(unasked)).toContain('applied twice');
});

test('two outcomes for one key: two answers, or a key that leads elsewhere', () => {
  const again = create(100, 5, hot, { answeredId: 16, replayed: true });
  expect(found(withMoreCalls(again))).toContain('two outcomes for one key');
  const refused = create(100, 5, hot, { outcome: 'refused', reason: 'INSUFFICIENT_STOCK', answeredId: 15 });
  expect(found(withMoreCalls(refused))).toContain('two outcomes for one key');
  const keys = new Map(honestState().keys).set('1', 14);
  expect(found(withFinal({ keys }))).toEqual(['two outcomes for one key']);
});

test('a double reservation: the stock holds more than its orders do', () => {
  const stocks = honestState().stocks.map((row) => (row.sku === HOT ? { ...row, reserved: 6 } : row));
  expect(found(withFinal({ stocks }))).toEqual(['books do not balance']);
});

test('goods taken twice: the stock lost more than paid orders took', () => {
  const stocks = honestState().stocks.map((row) => (row.sku === HOT ? { ...row, total: 96 } : row));
  expect(found(withFinal({ stocks }))).toEqual(['books do not balance']);
});

test('books out of balance, oversold, or an undecided order at a look in the middle of the run', () => {
  const withSample = (change: Partial<typeof sample>): Evidence => ({
    ...honest(),
    samples: [{ node: 'replica', atMs: 50, ...sample, ...change }],
  });
  expect(found(withSample({ wrongSkus: 1 }))).toEqual(['books do not balance']);
  expect(found(withSample({ oversoldSkus: 1 }))).toEqual(['oversold']);
  expect(found(withSample({ undecidedOrders: 1 }))).toEqual(['stuck new']);
  expect(found(withSample({ bareOrders: 1 }))).toEqual(['changed order']);
});

test('oversold: more is held in the end than there was', () => {
  const more = create(100, 6, both, { answeredId: 16 });
  const evidence = withMoreCalls(more);
  const orders = [...honestState().orders, finalOrder(16, 'awaiting payment', both)];
  expect(found({ ...evidence, final: { ...honestState(), orders } })).toContain('oversold');
});

test('oversold for a moment: two were promised the same pieces, and one of them gave them back', () => {
  const more = create(100, 6, both, { answeredId: 16 });
  const back = call(120, { operation: 'cancel', orderId: 16, outcome: 'ok' });
  const orders = [...honestState().orders, finalOrder(16, 'cancelled', both)];
  const keys = new Map(honestState().keys).set('6', 16);
  const evidence = withMoreCalls(more, back);
  expect(found({ ...evidence, final: { ...honestState(), orders, keys } })).toEqual(['oversold']);
});

test('a stale read of an order: acknowledged as paid, then read as open, or not found', () => {
  const isRead = ({ operation }: Call) => operation === 'get';
  expect(found(withCalls(isRead, { status: 'awaiting payment' }))).toEqual(['stale read']);
  const missing = { outcome: 'refused', reason: 'ORDER_NOT_FOUND' } as const;
  const { status: _status, ...read } = honestCalls().find(isRead) as Call;
  const calls = honestCalls().map((each) => (isRead(each) ? { ...read, ...missing } : each));
  expect(found({ ...honest(), calls })).toEqual(['stale read']);
});

test('a read that began before the acknowledgement had ended may see either', () => {
  const isRead = ({ operation }: Call) => operation === 'get';
  expect(found(withCalls(isRead, { startMs: 45, status: 'awaiting payment' }))).toEqual([]);
});

test('a stale read of the stock: more than can be left, or less than can be held', () => {
  const isRead = ({ sku }: Call) => sku === SCARCE;
  expect(found(withCalls(isRead, { count: 3 }))).toEqual(['stale read']);
  expect(found(withCalls(({ sku }) => sku === HOT, { count: 93 }))).toEqual(['stale read']);
  expect(found(withCalls(({ sku }) => sku === HOT, { count: 95 }))).toEqual(['stale read']);
});

test('an illegal transition: out of a last state, seen by a reader or in the end', () => {
  const isRead = ({ operation }: Call) => operation === 'get';
  expect(found(withCalls(isRead, { status: 'cancelled' }))).toEqual(['illegal transition']);
  const end = withOrders((order) => [
    order.orderId === 14 ? { ...order, status: 'awaiting payment' } : order,
  ]);
  expect(found(end)).toEqual(['books do not balance', 'false acknowledgement', 'illegal transition']);
});

test('an order that was granted and then failed', () => {
  const failed = withOrders((order) => [order.orderId === 12 ? { ...order, status: 'failed' } : order]);
  expect(found(failed)).toContain('false acknowledgement');
});

test('stuck new: in the end, or to a reader', () => {
  expect(
    found(withOrders((order) => [order.orderId === 15 ? { ...order, status: 'new' } : order])),
  ).toContain('stuck new');
  expect(found(withCalls(({ operation }) => operation === 'get', { status: 'new' }))).toContain('stuck new');
});

test('a false acknowledgement: paid by the answer and open in the database', () => {
  const evidence = withOrders((order) => [
    order.orderId === 11 ? { ...order, status: 'awaiting payment' } : order,
  ]);
  expect(found(evidence)).toContain('false acknowledgement');
});

test('done though refused: the answer said that nothing was done', () => {
  const refusal = { outcome: 'refused', reason: 'DATABASE_UNAVAILABLE' } as const;
  expect(found(withCalls(({ orderId, startMs }) => orderId === 14 && startMs === 45, refusal))).toContain(
    'done though refused',
  );
  const orders = [...honestState().orders, finalOrder(16, 'failed')];
  expect(found(withFinal({ orders }))).toEqual(['done though refused']);
});

test('an unknown outcome that was not found out', () => {
  const calls = honestCalls().filter(({ replayed }) => !replayed);
  expect(found({ ...honest(), calls })).toEqual(['unknown not resolved']);
  const unknown = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  expect(found(withCalls(({ startMs }) => startMs === 40, unknown))).toEqual(['unknown not resolved']);
});

test('a late answer, and a bug that was answered or logged', () => {
  expect(found(withCalls(({ startMs }) => startMs === 80, { endMs: 1_200 }))).toEqual(['late answer']);
  const internal = { outcome: 'refused', reason: 'INTERNAL' } as const;
  expect(found(withCalls(({ startMs }) => startMs === 80, internal))).toEqual(['internal error']);
  const log = [batchFailed('DatabaseError')];
  expect(found({ ...honest(), log })).toEqual(['internal error']);
});

test('accepted but not answered: done by a call that lost its connection, while the service stopped in order', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const evidence = { ...withCalls(({ startMs }) => startMs === 30, lost), orderly: true };
  expect(found(evidence)).toEqual(['accepted but not answered']);
  const silent = withCalls(({ startMs }) => startMs === 40, lost);
  const paid = call(100, { operation: 'pay', orderId: 11, outcome: 'ok' });
  const orders = honestState().orders.map((each) =>
    each.orderId === 11 ? { ...each, updatedMs: 45 } : each,
  );
  const final = { ...honestState(), orders };
  expect(found({ ...silent, calls: [...silent.calls, paid], final, orderly: true })).toEqual([
    'accepted but not answered',
  ]);
});
