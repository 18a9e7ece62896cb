/** A valid history for the checker's own tests, and ways to tamper with it in one place. */
import type { FinalMovement, FinalOrder, FinalState } from '../final-state.ts';
import type { Call } from '../history.ts';
import { check } from './check.ts';
import type { Evidence } from './evidence.ts';
import { noFeed, withFeed } from './tampered-feed.ts';

export const HOT = 1;
export const SCARCE = 2;
/** Skus that only changes by hand name; the second one is new. */
export const SHELF = 3;
export const NEW = 4;
const stock = new Map([
  [HOT, 100],
  [SCARCE, 3],
  [SHELF, 50],
]);

const common = { lane: 0, transport: 'REST', service: 0, deadlineMs: 1_000 } as const;
export const hot = [{ sku: HOT, count: 2 }];
export const both = [...hot, { sku: SCARCE, count: 3 }];

/** The refusal of an order without enough stock. */
export const short = {
  outcome: 'refused',
  reason: 'INSUFFICIENT_STOCK',
  shortages: [{ sku: SCARCE, requested: 3, available: 0 }],
} as const;

/** A call that takes ten milliseconds. */
export function call(startMs: number, what: Omit<Call, keyof typeof common | 'startMs' | 'endMs'>): Call {
  return { ...common, startMs, endMs: startMs + 10, ...what };
}

export function create(startMs: number, user: number, lines: Call['lines'], answer: Partial<Call>): Call {
  const outcome = answer.outcome ?? 'ok';
  return call(startMs, {
    operation: 'createOrder',
    user,
    lines: lines ?? [],
    key: `${user}`,
    outcome,
    ...answer,
  });
}

export function adjust(startMs: number, reference: string, changes: Call['changes'], answer: Partial<Call>) {
  const request = { operation: 'adjustStock', reference, key: reference, changes: changes ?? [] } as const;
  return call(startMs, { ...request, outcome: 'ok', ...answer });
}

export function count(
  startMs: number,
  reference: string,
  counted: [sku: number, counted: number],
  atMs: number,
) {
  const counts = [{ sku: counted[0], counted: counted[1] }];
  return (answer: Partial<Call>) =>
    call(startMs, {
      operation: 'countStock',
      reference,
      counts,
      countedAtMs: atMs,
      outcome: 'ok',
      ...answer,
    });
}

const refusal = (reason: string, stocks: Call['stocks']): Partial<Call> => ({
  ...{ outcome: 'refused', reason, ...(stocks === undefined ? {} : { stocks }) },
});

/**
 * Changes of stock by hand. The count of the hot sku is from before a payment, and the other one from between
 * two adjustments, the outcome of the second of which was unknown until it was retried with its key.
 */
function stockChanges(): Call[] {
  const two = [
    { sku: SHELF, change: -2 },
    { sku: NEW, change: 7 },
  ];
  const after = [
    { sku: SHELF, total: 53, reserved: 0 },
    { sku: NEW, total: 7, reserved: 0 },
  ];
  return [
    count(
      46,
      'hot',
      [HOT, 100],
      42,
    )({ stocks: [{ sku: HOT, totalBefore: 98, total: 98, changedSince: -2 }] }),
    adjust(52, 'first', [{ sku: SHELF, change: 5, expectedTotal: 50 }], {
      stocks: [{ sku: SHELF, total: 55, reserved: 0 }],
    }),
    adjust(62, 'two', two, { outcome: 'unknown', reason: 'OUTCOME_UNKNOWN' }),
    adjust(72, 'two', two, { stocks: after, replayed: true }),
    count(
      82,
      'shelf',
      [SHELF, 60],
      60,
    )({
      stocks: [{ sku: SHELF, totalBefore: 53, total: 58, changedSince: -2 }],
    }),
    adjust(
      ...([84, 'changed', [{ sku: SHELF, change: 1, expectedTotal: 50 }]] as const),
      refusal('STOCK_CHANGED', [{ sku: SHELF, total: 58 }]),
    ),
    adjust(
      ...([86, 'below', [{ sku: SHELF, change: -100 }]] as const),
      refusal('STOCK_BELOW_RESERVED', [{ sku: SHELF, total: 58, reserved: 0 }]),
    ),
    count(96, 'stale', [SHELF, 1], 30)(refusal('COUNT_STALE', [{ sku: SHELF, countedAtMs: 60 }])),
    adjust(97, 'nothing', [{ sku: SHELF, change: 9 }], refusal('DATABASE_UNAVAILABLE', undefined)),
    call(98, { operation: 'getStock', sku: SHELF, outcome: 'ok', count: 58 }),
  ];
}

/**
 * Five orders: 11 is payed, 12 reserves all of the scarce sku, 13 failed for lack of it, 14 was cancelled,
 * and the outcome of 15 was unknown until it was retried with its key.
 */
export function validCalls(): Call[] {
  return [
    create(0, 1, hot, { answeredId: 11 }),
    create(5, 2, both, { answeredId: 12 }),
    create(20, 3, both, { ...short, answeredId: 13 }),
    create(25, 4, hot, { answeredId: 14 }),
    create(30, 5, hot, { outcome: 'unknown', reason: 'OUTCOME_UNKNOWN' }),
    call(40, { operation: 'payOrder', orderId: 11, outcome: 'ok' }),
    call(45, { operation: 'cancelOrder', orderId: 14, outcome: 'ok' }),
    create(50, 5, hot, { answeredId: 15, replayed: true }),
    call(60, {
      ...{ operation: 'getOrder', orderId: 11, outcome: 'ok' },
      ...{ status: 'payed', seenUser: 1, seenLines: hot },
    }),
    call(70, { operation: 'getStock', sku: SCARCE, outcome: 'ok', count: 0 }),
    call(80, { operation: 'getStock', sku: HOT, outcome: 'ok', count: 94 }),
    call(90, {
      ...{ operation: 'cancelOrder', orderId: 11, outcome: 'refused' },
      ...{ reason: 'ORDER_NOT_CANCELLABLE', status: 'payed' },
    }),
    create(95, 6, hot, { outcome: 'refused', reason: 'DATABASE_UNAVAILABLE' }),
    ...stockChanges(),
  ];
}

export const finalOrder = (orderId: number, status: FinalOrder['status'], lines = hot): FinalOrder => ({
  ...{ orderId, user: orderId - 10, status, lines, updatedMs: 0, version: 0 },
});

export function validState(): FinalState {
  const orders = [
    finalOrder(11, 'payed'),
    finalOrder(12, 'awaiting payment', both),
    finalOrder(13, 'failed', both),
    finalOrder(14, 'cancelled'),
    finalOrder(15, 'awaiting payment'),
  ];
  return stateOf(validCalls(), orders);
}

/** The state that these calls have led to, with these orders; without its feed, which `withFeed` adds. */
export function stateOf(calls: readonly Call[], orders: readonly FinalOrder[]): FinalState {
  const movements = movementsOf(calls, orders);
  const last = new Map(movements.map((movement) => [movement.sku, movement]));
  const stocks = [...last.values()].map(({ sku, total, reserved }) => ({ sku, total, reserved }));
  const byHand = ['first', 'two', 'changed', 'below'].map((key): [string, undefined] => [key, undefined]);
  const ofOrders = orders.map(({ orderId }): [string, number] => [`${orderId - 10}`, orderId]);
  return { orders, stocks, movements, keys: new Map([...ofOrders, ...byHand]), batches: [] };
}

interface Move extends Partial<FinalMovement> {
  readonly atMs: number;
  readonly sku: number;
  readonly kind: FinalMovement['kind'];
}

/** The ledger: what calls have done was done in the middle of the first that may have. */
function movementsOf(calls: readonly Call[], orders: readonly FinalOrder[]): FinalMovement[] {
  const moves = [...orders.flatMap((order) => movesOf(order, calls)), ...calls.flatMap(movesByHand(calls))];
  const last = new Map<number, FinalMovement>();
  const movements = moves
    .sort((a, b) => a.atMs - b.atMs)
    .flatMap(({ atMs, ...move }) => {
      const zero = { totalChange: 0, reservedChange: 0, orderCount: 0, createdUs: atMs * 1_000 };
      const opening = {
        ...{ ...zero, sku: move.sku, version: 0, kind: 'opened' as const },
        ...{ total: stock.get(move.sku) ?? 0, reserved: 0 },
      };
      const before = last.get(move.sku) ?? opening;
      const movement = { ...zero, ...move, version: before.version + 1 };
      const total = before.total + movement.totalChange;
      const changed = { ...movement, total, reserved: before.reserved + movement.reservedChange };
      last.set(move.sku, changed);
      return before === opening ? [opening, changed] : [changed];
    });
  return movements.sort((a, b) => a.sku - b.sku || a.version - b.version);
}

function movesOf(order: FinalOrder, calls: readonly Call[]): Move[] {
  const { orderId, status, lines, cancelReason, expiresMs = 0 } = order;
  const timeOf = (isMeant: (call: Call) => boolean | undefined) =>
    (calls.find((each) => each.outcome !== 'refused' && isMeant(each))?.startMs ?? order.updatedMs - 5) + 5;
  const createdMs = timeOf(({ user, operation }) => operation === 'createOrder' && user === order.user);
  const payedMs = timeOf(({ operation, ...each }) => operation === 'payOrder' && each.orderId === orderId);
  const cancelledMs =
    cancelReason === 'expired'
      ? expiresMs
      : timeOf(({ operation, ...each }) => operation === 'cancelOrder' && each.orderId === orderId);
  const alone = { orderId, orderCount: 1 };
  return lines.flatMap(({ sku, count: pieces }): Move[] => {
    if (status === 'failed') return [];
    const back = { ...alone, sku, reservedChange: -pieces };
    const taken: Move = { ...alone, sku, kind: 'reserved', reservedChange: pieces, atMs: createdMs };
    if (status === 'payed') return [taken, { ...back, kind: 'sold', totalChange: -pieces, atMs: payedMs }];
    return status === 'cancelled' ? [taken, { ...back, kind: 'released', atMs: cancelledMs }] : [taken];
  });
}

function movesByHand(calls: readonly Call[]): (call: Call) => Move[] {
  return ({ operation, outcome, reference, changes = [], counts = [], countedAtMs = 0, stocks = [] }) => {
    if (reference === undefined || outcome !== 'ok') return [];
    const first = calls.find((each) => each.reference === reference);
    const atMs = (first?.startMs ?? 0) + 5;
    if (operation === 'adjustStock') {
      return changes.map(({ sku, change }) => {
        const kind = change > 0 ? 'received' : 'adjusted';
        return { atMs, sku, kind, totalChange: change, reference };
      });
    }
    return counts.map(({ sku }) => {
      const { total = 0, totalBefore = 0 } = stocks.find((each) => each.sku === sku) ?? {};
      const totalChange = total - totalBefore;
      return { atMs, sku, kind: 'counted', totalChange, reference, occurredUs: countedAtMs * 1_000 };
    });
  };
}

/** What the service logs when a batch failed. */
export const batchFailed = (type: string) =>
  JSON.stringify({ level: 50, err: { type }, msg: 'batch failed' });

export const sample = {
  wrongSkus: 0,
  oversoldSkus: 0,
  bareOrders: 0,
  orphanLines: 0,
  undecidedOrders: 0,
  orders: 5,
  overdueMs: 0,
  timeline: 1,
};

export function validEvidence(): Evidence {
  return {
    calls: validCalls(),
    samples: [{ node: 'primary', atMs: 50, ...sample }],
    final: validState(),
    log: [batchFailed('DatabaseUnavailable'), '{"level":30,"msg":"ready"}'],
    unexpectedExits: [],
    outages: [],
    stops: [],
    floods: [],
    probes: [],
    coreWaits: [],
    feed: noFeed,
    stock,
    toleranceMs: 100,
    startedAtMs: 0,
    graceful: false,
  };
}

/** The kinds of the violations that are found, each once. The feed follows from the calls and the state. */
export function found(evidence: Evidence): string[] {
  return kindsOf(withFeed(evidence));
}

/** The same, with the feed as it is. */
export function kindsOf(evidence: Evidence): string[] {
  return [...new Set(check(evidence).map(({ kind }) => kind))].sort();
}

/** Changes the calls that `isMeant` selects, at least one. */
export function withCalls(isMeant: (call: Call) => boolean, change: Partial<Call>): Evidence {
  const evidence = validEvidence();
  if (!evidence.calls.some(isMeant)) throw new Error('there is no call to tamper with');
  return {
    ...evidence,
    calls: evidence.calls.map((each) => (isMeant(each) ? { ...each, ...change } : each)),
  };
}

export const withMoreCalls = (...calls: Call[]): Evidence => ({
  ...validEvidence(),
  calls: [...validCalls(), ...calls],
});
export const withFinal = (change: Partial<FinalState>): Evidence => ({
  ...validEvidence(),
  final: { ...validState(), ...change },
});
export const withOrders = (change: (order: FinalOrder) => FinalOrder[]) =>
  withFinal({ orders: validState().orders.flatMap(change) });
