/** The stock: it agrees with the orders in every audit and in the end, and was never oversold. */
import type { Evidence, Violation } from './evidence.ts';
import { reservationsOf } from './holds.ts';
import { isByHand, sumsByOrders } from './ledger.ts';
import { handChangesOf } from './stock-changes.ts';

export function checkStock(evidence: Evidence): Violation[] {
  return [...checkSamples(evidence), ...checkBalance(evidence), ...checkOversold(evidence)];
}

function checkSamples({ samples }: Evidence): Violation[] {
  return samples.flatMap(
    ({ node, atMs, wrongSkus, oversoldSkus, bareOrders, orphanLines, undecidedOrders }) => {
      const where = `on the ${node} at ${atMs.toFixed(0)} ms`;
      const found: Violation[] = [];
      if (oversoldSkus > 0) found.push({ kind: 'oversold', text: `${oversoldSkus} skus ${where}` });
      if (wrongSkus > 0) found.push({ kind: 'ledger mismatch', text: `${wrongSkus} skus ${where}` });
      if (bareOrders > 0)
        found.push({ kind: 'changed order', text: `${bareOrders} orders without lines ${where}` });
      if (orphanLines > 0)
        found.push({ kind: 'changed order', text: `${orphanLines} lines without an order ${where}` });
      if (undecidedOrders > 0) found.push({ kind: 'stuck new', text: `${undecidedOrders} orders ${where}` });
      return found;
    },
  );
}

/**
 * In the end every sku has reserved what open orders hold, has lost what payed ones took, and was given what
 * the ledger has by hand.
 */
function checkBalance({ final, stock }: Evidence): Violation[] {
  const { held, sold: taken } = sumsByOrders(final.orders);
  const pieces = new Map(stock);
  for (const { sku, totalChange } of final.movements.filter(isByHand)) {
    pieces.set(sku, (pieces.get(sku) ?? 0) + totalChange);
  }
  const rows = new Map(final.stocks.map((row) => [row.sku, row]));
  return [...pieces].flatMap(([sku, initial]): Violation[] => {
    const row = rows.get(sku);
    const [reserved, sold] = [held.get(sku) ?? 0, taken.get(sku) ?? 0];
    const violations: Violation[] = [];
    if (reserved + sold > initial) {
      violations.push({
        kind: 'oversold',
        text: `sku ${sku}: ${reserved} held and ${sold} sold of ${initial}`,
      });
    }
    if (row?.reserved !== reserved || row.total !== initial - sold) {
      const is = `${row?.reserved} reserved of ${row?.total}`;
      const text = `sku ${sku}: ${is}, by its orders ${reserved} of ${initial - sold}`;
      violations.push({ kind: 'ledger mismatch', text });
    }
    return violations;
  });
}

/**
 * At no time do orders hold more than there was. An order certainly holds its lines from its acknowledgement
 * to the first call that may have cancelled it, or the end of its reservation. What somebody adds by hand may
 * be there from the first call on, and what somebody takes is certainly gone from the acknowledgement on.
 */
function checkOversold(evidence: Evidence): Violation[] {
  const { calls, stock } = evidence;
  const releasedMs = firstReleases(evidence);
  const changes = new Map<number, [atMs: number, free: number][]>();
  const add = (sku: number, ...ofSku: [atMs: number, free: number][]) => {
    const known = changes.get(sku);
    if (known === undefined) changes.set(sku, ofSku);
    else known.push(...ofSku);
  };
  const known = new Set<number>();
  for (const { operation, outcome, answeredId, lines, endMs } of calls) {
    if (operation !== 'createOrder' || outcome !== 'ok' || answeredId === undefined || known.has(answeredId))
      continue;
    known.add(answeredId);
    const untilMs = releasedMs.get(answeredId) ?? Number.POSITIVE_INFINITY;
    if (untilMs <= endMs) continue;
    for (const { sku, count } of lines ?? []) add(sku, [endMs, -count], [untilMs, count]);
  }
  for (const [sku, byHand] of handChangesOf(evidence)) {
    for (const { change, mayFromMs, certainFromMs } of byHand) {
      add(sku, [change > 0 ? mayFromMs : certainFromMs, change]);
    }
  }
  return [...changes].flatMap(([sku, ofSku]): Violation[] => {
    let free = stock.get(sku) ?? 0;
    let least = free;
    for (const [atMs, count] of ofSku.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
      if (atMs === Number.POSITIVE_INFINITY) break;
      free += count;
      least = Math.min(least, free);
    }
    const text = `sku ${sku}: ${-least} pieces more were held than there were`;
    return least < 0 ? [{ kind: 'oversold', text }] : [];
  });
}

/** The earliest time at which the goods of each order may have been released. */
export function firstReleases(
  evidence: Pick<Evidence, 'calls' | 'final' | 'startedAtMs'>,
): Map<number, number> {
  const { calls, final } = evidence;
  const reservations = reservationsOf(evidence);
  const first = new Map<number, number>();
  for (const { orderId, status } of final.orders) {
    const { firstEndMs = Number.POSITIVE_INFINITY, mayBeLate } = reservations.get(orderId) ?? {};
    // What was payed in time was held until then.
    if (status !== 'payed' || mayBeLate) first.set(orderId, firstEndMs);
  }
  for (const { operation, outcome, orderId, startMs } of calls) {
    if (operation !== 'cancelOrder' || outcome === 'refused' || orderId === undefined) continue;
    first.set(orderId, Math.min(first.get(orderId) ?? Number.POSITIVE_INFINITY, startMs));
  }
  return first;
}
