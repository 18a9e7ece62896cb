/**
 * The ledger at the end of a run. The rows of each sku are a chain from its initial stock to its counters,
 * and their sums are what the orders did. What callers changed by hand is checked in `stock-changes.ts`.
 */
import type { Line } from '../../../src/domain/orders/order.ts';
import type { FinalMovement, FinalOrder, FinalStock } from '../final-state.ts';
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

/** By how much the clocks of two processes may differ. */
export const CLOCK_MS = 5;

const handKinds: readonly string[] = ['received', 'adjusted', 'counted'];

/** Whether somebody made it by hand. */
export function isByHand({ kind }: FinalMovement): boolean {
  return handKinds.includes(kind);
}

/** The movements of each sku, in the order of their versions. */
export function movementsBySku({ movements }: Evidence['final']): Map<number, FinalMovement[]> {
  const bySku = new Map<number, FinalMovement[]>();
  for (const movement of movements) {
    const ofSku = bySku.get(movement.sku);
    if (ofSku === undefined) bySku.set(movement.sku, [movement]);
    else ofSku.push(movement);
  }
  return bySku;
}

export function checkLedger(evidence: Evidence): Violation[] {
  const { final, stock } = evidence;
  const stocks = new Map(final.stocks.map((row) => [row.sku, row]));
  const bySku = movementsBySku(final);
  const skus = new Set([...stock.keys(), ...stocks.keys(), ...bySku.keys()]);
  const sums = sumsByOrders(final.orders);
  const violations = [...skus].flatMap((sku) => {
    const movements = bySku.get(sku) ?? [];
    return [
      ...checkChain(sku, movements, stock.get(sku) ?? 0, stocks.get(sku)),
      ...checkSums(sku, movements, sums),
    ];
  });
  return [...violations, ...checkOrderMovements(evidence)];
}

/** @param initial the pieces before the first movement. */
function checkChain(
  sku: number,
  movements: readonly FinalMovement[],
  initial: number,
  row: FinalStock | undefined,
): Violation[] {
  const violations: Violation[] = [];
  const broken = (text: string) => violations.push({ kind: 'broken chain', text: `sku ${sku}: ${text}` });
  let before = { version: -1, total: initial, reserved: 0, createdUs: 0 };
  for (const movement of movements) {
    const { version, kind, totalChange, reservedChange, total, reserved, createdUs } = movement;
    const isOpening = kind === 'opened' && totalChange === 0 && reservedChange === 0;
    if (version !== before.version + 1) broken(`version ${version} follows ${before.version}`);
    if ((version === 0) !== isOpening) broken(`version ${version} is ${kind}`);
    if (total !== before.total + totalChange || reserved !== before.reserved + reservedChange) {
      broken(`version ${version} does not begin where the one before ended`);
    }
    if (createdUs < before.createdUs) broken(`version ${version} is older than the one before`);
    before = movement;
  }
  // A sku that only changes by hand name has no stock before the first of them.
  const { total, reserved } = row ?? { total: 0, reserved: 0 };
  if (total !== before.total || reserved !== before.reserved) {
    broken(`${reserved} reserved of ${total}, by its last movement ${before.reserved} of ${before.total}`);
  }
  return violations;
}

interface Sums {
  /** By sku: what open orders hold, and what payed ones took. */
  readonly held: Map<number, number>;
  readonly sold: Map<number, number>;
}

/** What the orders hold and took of each sku in the end. */
export function sumsByOrders(orders: readonly FinalOrder[]): Sums {
  const held = new Map<number, number>();
  const sold = new Map<number, number>();
  for (const { status, lines } of orders) {
    const sums = { 'awaiting payment': held, payed: sold }[status as string];
    for (const { sku, count } of lines) sums?.set(sku, (sums.get(sku) ?? 0) + count);
  }
  return { held, sold };
}

/** In sum the movements have reserved what open orders hold, and sold what payed ones took. */
function checkSums(sku: number, movements: readonly FinalMovement[], { held, sold }: Sums): Violation[] {
  let reserved = 0;
  let taken = 0;
  for (const movement of movements) {
    reserved += movement.reservedChange;
    if (!isByHand(movement)) taken -= movement.totalChange;
  }
  const byOrders = [held.get(sku) ?? 0, sold.get(sku) ?? 0];
  if (reserved === byOrders[0] && taken === byOrders[1]) return [];
  const text = `sku ${sku}: ${reserved} reserved and ${taken} sold by movements, ${byOrders} by orders`;
  return [{ kind: 'ledger mismatch', text }];
}

/** A movement that one order has made alone: with the pieces of its line, at the time of a call about it. */
function checkOrderMovements({ calls, final, startedAtMs }: Evidence): Violation[] {
  const orders = new Map(final.orders.map((order) => [order.orderId, order]));
  const creates = groupCalls(calls, ({ operation, user }) =>
    operation === 'createOrder' ? user : undefined,
  );
  const payments = groupCalls(calls, ({ operation, orderId }) =>
    operation === 'payOrder' ? orderId : undefined,
  );
  return final.movements.flatMap((movement): Violation[] => {
    const { orderId, kind } = movement;
    if (orderId === undefined) return [];
    const order = orders.get(orderId);
    const line = order?.lines.find(({ sku }) => sku === movement.sku);
    if (order === undefined || order.status === 'failed' || line === undefined || !isOfLine(movement, line)) {
      return [wrongMovement(movement, `its order is ${order?.status} with ${line?.count ?? 'no'} pieces`)];
    }
    const callers = { reserved: creates.get(order.user) ?? [], sold: payments.get(orderId) ?? [] };
    const attempts = kind === 'reserved' || kind === 'sold' ? callers[kind] : undefined;
    return attempts === undefined ? [] : checkTime(movement, attempts, startedAtMs);
  });
}

/** A late payment has nothing reserved. */
function isOfLine({ kind, totalChange, reservedChange }: FinalMovement, { count }: Line): boolean {
  if (kind === 'reserved') return totalChange === 0 && reservedChange === count;
  if (kind === 'released') return totalChange === 0 && reservedChange === -count;
  return kind === 'sold' && totalChange === -count && (reservedChange === -count || reservedChange === 0);
}

/**
 * A movement has a time within the calls that may have made it: not before the first, nor after the first
 * acknowledgement that follows. Counts rest on these times.
 */
export function checkTime(
  movement: FinalMovement,
  attempts: readonly Call[],
  startedAtMs: number,
): Violation[] {
  const createdMs = createdMsOf(movement, startedAtMs);
  const first = Math.min(...attempts.map(({ startMs }) => startMs));
  const acknowledgedMs = attempts.filter(({ outcome }) => outcome === 'ok').map(({ endMs }) => endMs);
  const isCount = movement.kind === 'counted';
  const last = isCount ? Math.max(...acknowledgedMs) : Math.min(...acknowledgedMs);
  // Each copy of a count may run, also one whose outcome is unknown: that one may run behind its answer.
  if (isCount && attempts.some(({ outcome }) => outcome === 'unknown') && createdMs >= first - CLOCK_MS)
    return [];
  const isInTime =
    createdMs >= first - CLOCK_MS && (acknowledgedMs.length === 0 || createdMs <= last + CLOCK_MS);
  if (isInTime) return [];
  const calls = attempts.map(nameOf).join('; ') || 'no call';
  return [wrongMovement(movement, `made at ${createdMs.toFixed(1)} ms by: ${calls}`)];
}

/** When it was made, in milliseconds of the history. */
export function createdMsOf({ createdUs }: FinalMovement, startedAtMs: number): number {
  return createdUs / 1_000 - startedAtMs;
}

export function wrongMovement(movement: FinalMovement, text: string): Violation {
  const { sku, version, kind, totalChange, reservedChange, reference, orderId } = movement;
  const by = reference ?? (orderId === undefined ? 'orders' : `order ${orderId}`);
  const what = `sku ${sku}, version ${version}: ${kind} by ${by}`;
  const changes = `${totalChange}, ${reservedChange} reserved`;
  return { kind: 'wrong movement', text: `${what}, ${changes}; ${text}` };
}
