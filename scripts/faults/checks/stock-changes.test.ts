/** The checker finds wrong changes of stock by hand: a valid history is tampered with in one place. */
import { expect, test } from 'vitest';
import type { FinalMovement } from '../final-state.ts';
import type { Call } from '../history.ts';
import type { Evidence } from './evidence.ts';
import {
  adjust,
  count,
  found,
  HOT,
  NEW,
  SCARCE,
  SHELF,
  stateOf,
  validCalls,
  validEvidence,
  validState,
  withCalls,
  withFinal,
  withMoreCalls,
} from './tampered.ts';

const isOf = (name: string) => (each: { readonly reference?: string | undefined }) => each.reference === name;

/** The valid history with these calls beside it, and all that they have led to. */
function after(...calls: Call[]): Evidence {
  const all = [...validCalls(), ...calls];
  const state = stateOf(all, validState().orders);
  const keys = new Map(calls.flatMap(({ key }): [string, undefined][] => (key ? [[key, undefined]] : [])));
  return { ...validEvidence(), calls: all, final: { ...state, keys: new Map([...state.keys, ...keys]) } };
}

/** The same without the movements that are meant, and the stock that the others lead to. */
function without(evidence: Evidence, isMeant: (movement: FinalMovement) => boolean): Evidence {
  const movements = evidence.final.movements.filter((each) => !isMeant(each));
  return { ...evidence, final: { ...evidence.final, movements } };
}

/** Changes the movements of a request. */
function withMovements(reference: string, change: Partial<FinalMovement>): string[] {
  const { movements } = validState();
  const changed = movements.map((each) => (isOf(reference)(each) ? { ...each, ...change } : each));
  return found(withFinal({ movements: changed }));
}

const added = [{ sku: SCARCE, change: 2 }];
const shown = [{ sku: SCARCE, total: 5, reserved: 3 }];

test('a count whose outcome is unknown may run behind its copy that was acknowledged', () => {
  const stocks = [{ sku: SCARCE, totalBefore: 3, total: 4, changedSince: 0 }];
  const made = count(100, 'again', [SCARCE, 4], 90)({ stocks });
  const { calls, final, ...rest } = after(made);
  const { stocks: _, ...sent } = made;
  const copy: Call = { ...sent, outcome: 'unknown', reason: 'OUTCOME_UNKNOWN', endMs: 400 };
  const run = (createdMs: number, of: readonly Call[]) => {
    const movements = final.movements.flatMap((each) => {
      const later = { ...each, version: each.version + 1, totalChange: 0, createdUs: createdMs * 1_000 };
      return isOf('again')(each) ? [each, later] : [each];
    });
    return found({ ...rest, calls: [...calls, ...of], final: { ...final, movements } });
  };
  expect(run(300, [copy])).toEqual([]);
  expect(run(300, [])).toContain('wrong movement');
  expect(run(50, [copy])).toContain('wrong movement');
});

test('an adjustment or a count that was made, replayed, and repeated', () => {
  const made = adjust(100, 'more', added, { stocks: shown });
  expect(found(after(made, { ...made, startMs: 120, endMs: 130, replayed: true }))).toContain(
    'applied twice',
  );
  const again = { ...made, startMs: 120, endMs: 130, replayed: true };
  expect(found({ ...after(made), calls: [...after(made).calls, again] })).toEqual([]);
  const counted = (startMs: number, totalBefore: number) =>
    count(
      startMs,
      'again',
      [SCARCE, 4],
      99,
    )({ stocks: [{ sku: SCARCE, totalBefore, total: 4, changedSince: 0 }] });
  expect(found(after(counted(100, 3)))).toEqual([]);
});

test('a lost stock change: acknowledged, and not in the ledger for one of its skus', () => {
  const evidence = after(adjust(100, 'more', [...added, { sku: NEW, change: 1 }], { stocks: [] }));
  expect(found(without(evidence, (each) => isOf('more')(each) && each.sku === NEW))).toContain(
    'lost stock change',
  );
  expect(found(without(validEvidence(), isOf('shelf')))).toContain('lost stock change');
  expect(found(without(validEvidence(), (each) => isOf('two')(each) && each.sku === NEW))).toContain(
    'lost stock change',
  );
});

test('applied twice: an adjustment under one key, or more counts than attempts', () => {
  for (const reference of ['first', 'two', 'shelf']) {
    const movements = validState().movements.flatMap((each) =>
      isOf(reference)(each) ? [each, each] : [each],
    );
    expect(found(withFinal({ movements })), reference).toContain('applied twice');
  }
});

test('done though refused: a change that was not made by its answer', () => {
  for (const reference of ['changed', 'below', 'stale', 'nothing']) {
    const { movements } = validState();
    const last = movements.findLast(({ sku }) => sku === SHELF) as FinalMovement;
    const done = { ...last, version: last.version + 1, reference, totalChange: 0 };
    expect(found(withFinal({ movements: [...movements, done] })), reference).toContain('done though refused');
  }
});

test('an unknown outcome of a change that was not resolved', () => {
  const isRetry = ({ reference, replayed }: Call) => reference === 'two' && replayed === true;
  const calls = validCalls().filter((each) => !isRetry(each));
  expect(found({ ...validEvidence(), calls })).toEqual(['unknown not resolved']);
});

test('a wrong movement: unasked, of another kind, pieces, or time, or on another total', () => {
  expect(withMovements('first', { reference: 'foreign' })).toContain('wrong movement');
  expect(withMovements('first', { kind: 'adjusted' })).toEqual(['wrong movement']);
  expect(withMovements('first', { totalChange: 4 })).toContain('wrong movement');
  expect(withMovements('shelf', { occurredUs: 61_000 })).toContain('wrong movement');
  expect(withMovements('shelf', { createdUs: 110_000 })).toContain('wrong movement');
  const changes = [{ sku: SHELF, change: 5, expectedTotal: 49 }];
  expect(found(withCalls(isOf('first'), { changes }))).toEqual(['wrong movement']);
});

test('a wrong count: it erases a sale or an adjustment, or takes one for newer than it is', () => {
  const counts = (sku: number, counted: number) => [{ sku, counted }];
  expect(found(withCalls(isOf('hot'), { counts: counts(HOT, 98) }))).toContain('wrong count');
  expect(found(withCalls(isOf('shelf'), { counts: counts(SHELF, 58) }))).toContain('wrong count');
  const movements = validState().movements.map((each) =>
    each.sku === SHELF && each.version === 1 ? { ...each, createdUs: 60_001 } : each,
  );
  expect(found(withFinal({ movements }))).toEqual(['wrong count']);
});

test('a false acknowledgement: another stock in the answer than in the ledger', () => {
  const stock = { sku: SHELF, total: 55, reserved: 0 };
  const answer = (name: string, stocks: Call['stocks']) =>
    found(withCalls(isOf(name), { stocks: stocks ?? [] }));
  expect(answer('first', [{ ...stock, total: 56 }])).toEqual(['false acknowledgement']);
  expect(answer('first', [{ ...stock, reserved: 1 }])).toEqual(['false acknowledgement']);
  expect(answer('first', [])).toEqual(['false acknowledgement']);
  const counted = { sku: SHELF, totalBefore: 53, total: 58, changedSince: -2 };
  expect(answer('shelf', [{ ...counted, totalBefore: 52 }])).toEqual(['false acknowledgement']);
  expect(answer('shelf', [{ ...counted, changedSince: -1 }])).toEqual(['false acknowledgement']);
});

test('a wrong refusal: for a stock that was never so, or as invalid', () => {
  const refused = (name: string, stocks: Call['stocks']) =>
    found(withCalls(isOf(name), { stocks: stocks ?? [] }));
  expect(refused('changed', [{ sku: SHELF, total: 57 }])).toEqual(['wrong refusal']);
  expect(refused('changed', [{ sku: SHELF, total: 50 }])).toEqual(['wrong refusal']);
  expect(refused('changed', [])).toEqual(['wrong refusal']);
  expect(refused('below', [{ sku: SHELF, total: 58, reserved: 1 }])).toEqual(['wrong refusal']);
  expect(refused('stale', [{ sku: SHELF, countedAtMs: 61 }])).toEqual(['wrong refusal']);
  const small = [{ sku: SHELF, change: -58 }];
  expect(found(withCalls(isOf('below'), { changes: small }))).toEqual(['wrong refusal']);
  expect(found(withCalls(isOf('nothing'), { reason: 'INVALID_REQUEST' }))).toEqual(['wrong refusal']);
});

test('reads and orders rest on what was certainly changed by hand, and on what may have been', () => {
  const isRead = ({ operation, sku }: Call) => operation === 'getStock' && sku === SHELF;
  expect(found(withCalls(isRead, { count: 57 }))).toEqual(['stale read']);
  expect(found(withCalls(isRead, { count: 53 }))).toEqual(['stale read']);
  // While the count is made.
  expect(found(withCalls(isRead, { startMs: 85, count: 53 }))).toEqual([]);
  expect(found(withCalls(isRead, { startMs: 85, count: 54 }))).toEqual([]);
  expect(found(withCalls(isRead, { startMs: 85, count: 59 }))).toEqual(['stale read']);
  const less = [{ sku: HOT, change: -97 }];
  expect(
    found(after(adjust(100, 'less', less, { stocks: [{ sku: HOT, total: 1, reserved: 4 }] }))),
  ).toContain('oversold');
});

test('a wrong replay of an adjustment: run twice, another answer or request, a forgotten key', () => {
  expect(found(withCalls(isOf('two'), { outcome: 'ok', replayed: false }))).toContain('wrong replay');
  const again = {
    ...adjust(100, 'changed', validCalls().find(isOf('changed'))?.changes, {}),
    replayed: true,
  };
  const other = { outcome: 'refused', reason: 'STOCK_CHANGED', stocks: [{ sku: SHELF, total: 53 }] } as const;
  expect(found(withMoreCalls({ ...again, ...other }))).toContain('wrong replay');
  const misuse = (answer: Partial<Call>) =>
    found(withMoreCalls({ ...adjust(100, 'misuse', added, answer), key: 'first' }));
  expect(misuse({ outcome: 'refused', reason: 'IDEMPOTENCY_KEY_REUSED' })).toEqual([]);
  expect(misuse({ stocks: shown })).toContain('wrong replay');
  const keys = new Map([...validState().keys].filter(([key]) => key !== 'below'));
  expect(found(withFinal({ keys }))).toEqual(['wrong replay']);
});

test('a false acknowledgement in an outage: a change, a count, or a refusal kept under its key', () => {
  const during = (call: Call, evidence = after(call)) =>
    found({ ...evidence, outages: [{ fromMs: 150, untilMs: 900 }] });
  expect(during(adjust(200, 'more', added, { stocks: shown }))).toEqual(['false acknowledgement']);
  const counted = { sku: SCARCE, totalBefore: 3, total: 4, changedSince: 0 };
  expect(during(count(200, 'again', [SCARCE, 4], 190)({ stocks: [counted] }))).toEqual([
    'false acknowledgement',
  ]);
  const refused = { outcome: 'refused', reason: 'STOCK_BELOW_RESERVED' } as const;
  const less = [{ sku: SCARCE, change: -1 }];
  const below = adjust(200, 'less', less, { ...refused, stocks: [{ sku: SCARCE, total: 3, reserved: 3 }] });
  expect(during(below)).toEqual(['false acknowledgement']);
});

test('accepted but not answered: the effect of a change that a graceful stop cut off', () => {
  const lost = { outcome: 'unknown', reason: 'CONNECTION_LOST' } as const;
  const cut = { ...withCalls(({ startMs }) => startMs === 62, lost), graceful: true };
  expect(found(cut)).toEqual(['accepted but not answered']);
  const counted = { ...withCalls(isOf('hot'), lost), graceful: true };
  expect(found(counted)).toContain('accepted but not answered');
});
