/** A valid history for the checker's own tests, and ways to tamper with it in one place. */
import type { FinalOrder, FinalState } from '../final-state.ts';
import type { Call } from '../history.ts';
import { check } from './check.ts';
import type { Evidence } from './evidence.ts';

export const HOT = 1;
export const SCARCE = 2;
const stock = new Map([
  [HOT, 100],
  [SCARCE, 3],
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
  ];
}

export const finalOrder = (orderId: number, status: FinalOrder['status'], lines = hot): FinalOrder => ({
  ...{ orderId, user: orderId - 10, status, lines, updatedMs: 0 },
});

export function validState(): FinalState {
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
    stock,
    toleranceMs: 100,
    startedAtMs: 0,
    graceful: false,
  };
}

/** The kinds of the violations that are found, each once. */
export function found(evidence: Evidence): string[] {
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
