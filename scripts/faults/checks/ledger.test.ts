/** The checker finds what is wrong with the ledger: a valid one is tampered with in one place. */
import { expect, test } from 'vitest';
import type { FinalMovement } from '../final-state.ts';
import { found, HOT, NEW, SHELF, validState, withFinal } from './tampered.ts';

/** What is found when the movement of a sku with a version is replaced by others. */
function withMovement(sku: number, version: number, change: (movement: FinalMovement) => FinalMovement[]) {
  const { movements } = validState();
  const isMeant = (each: FinalMovement) => each.sku === sku && each.version === version;
  if (!movements.some(isMeant)) throw new Error('there is no movement to tamper with');
  return found(
    withFinal({ movements: movements.flatMap((each) => (isMeant(each) ? change(each) : [each])) }),
  );
}

/** Of a movement of the hot sku by this order. */
function versionOf(kind: FinalMovement['kind'], orderId: number): number {
  const isMeant = (each: FinalMovement) => each.sku === HOT && each.kind === kind && each.orderId === orderId;
  return validState().movements.find(isMeant)?.version ?? -1;
}

test('a broken chain: a gap, no opening, another opening, an order of versions against time', () => {
  expect(withMovement(SHELF, 1, () => [])).toContain('broken chain');
  expect(withMovement(SHELF, 0, () => [])).toEqual(['broken chain']);
  expect(withMovement(SHELF, 0, (each) => [{ ...each, kind: 'adjusted' }])).toContain('broken chain');
  const opened = withMovement(SHELF, 3, (each) => [
    ...[each, { ...each, version: 4, kind: 'opened' as const, totalChange: 0 }],
  ]);
  expect(opened).toEqual(['broken chain']);
  const late = withMovement(HOT, 2, (each) => [{ ...each, orderId: undefined, createdUs: 80_000 }]);
  expect(late).toContain('broken chain');
});

test('a broken chain: a version twice, which did not rise', () => {
  const { movements } = validState();
  const risen = movements.map((each) =>
    each.sku === SHELF && each.version > 1 ? { ...each, version: each.version - 1 } : each,
  );
  expect(found(withFinal({ movements: risen }))).toContain('broken chain');
});

test('a broken chain: a row that does not begin where the one before ended, or is not the stock', () => {
  expect(withMovement(HOT, 2, (each) => [{ ...each, reserved: each.reserved + 1 }])).toEqual([
    'broken chain',
  ]);
  expect(withMovement(SHELF, 3, (each) => [{ ...each, total: each.total + 1 }])).toContain('broken chain');
  const stocks = validState().stocks.filter(({ sku }) => sku !== NEW);
  expect(found(withFinal({ stocks }))).toContain('broken chain');
});

test('a ledger mismatch: movements in sum are not what the orders did', () => {
  const sold = versionOf('sold', 11);
  expect(withMovement(HOT, sold, (each) => [{ ...each, kind: 'adjusted' }])).toContain('ledger mismatch');
  const reserved = versionOf('reserved', 15);
  const more = (each: FinalMovement) => [{ ...each, reservedChange: 3, reserved: each.reserved + 1 }];
  expect(withMovement(HOT, reserved, more)).toContain('ledger mismatch');
});

test('a wrong movement of an order: of other pieces, of a foreign order, or at a time of no call', () => {
  const reserved = versionOf('reserved', 15);
  const change = (what: Partial<FinalMovement>) =>
    withMovement(HOT, reserved, (each) => [{ ...each, ...what }]);
  expect(change({ orderId: 99 })).toEqual(['wrong movement']);
  expect(change({ orderId: 13 })).toEqual(['wrong movement']);
  expect(change({ kind: 'released' })).toEqual(['wrong movement']);
  expect(change({ createdUs: 24_000 })).toContain('wrong movement');
  const sold = versionOf('sold', 11);
  expect(withMovement(HOT, sold, (each) => [{ ...each, createdUs: 56_000 }])).toContain('wrong movement');
});
