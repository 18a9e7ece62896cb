/**
 * Reads of stock, against bounds. What orders certainly held during all of a read is not available in it.
 * What is not available in it must be held by orders that may have existed. Of changes by hand it shows those
 * that were acknowledged before it, and any of those that were under way.
 */
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { reservationsOf } from './holds.ts';
import { firstReleases } from './stock.ts';
import { type HandChange, handChangesOf } from './stock-changes.ts';

const NEVER_MS = Number.POSITIVE_INFINITY;

/** What an order holds of one sku, and when. */
interface Hold {
  readonly count: number;
  /** It may hold from the first of these times on, and certainly holds from the second. */
  readonly mayFromMs: number;
  readonly certainFromMs: number;
  /** It certainly holds until the first of these times, and may hold until the second. */
  readonly certainUntilMs: number;
  readonly mayUntilMs: number;
}

export function checkStockReads(evidence: Evidence): Violation[] {
  const { calls, stock } = evidence;
  const holds = holdsOf(evidence);
  const byHand = handChangesOf(evidence);
  const reads = groupCalls(calls, ({ operation, outcome, sku }) =>
    operation === 'getStock' && outcome === 'ok' ? sku : undefined,
  );
  return [...reads].flatMap(([sku, ofSku]) =>
    ofSku.flatMap((read) => {
      const pieces = piecesIn(read, stock.get(sku) ?? 0, byHand.get(sku) ?? []);
      return checkRead(read, pieces, holds.get(sku) ?? []);
    }),
  );
}

/** The fewest and the most pieces that a read may see, if no order took any. */
function piecesIn(
  read: Call,
  initial: number,
  changes: readonly HandChange[],
): [least: number, most: number] {
  let [least, most] = [initial, initial];
  for (const { change, mayFromMs, certainFromMs } of changes) {
    if (mayFromMs >= read.endMs) continue;
    const isCertain = certainFromMs < read.startMs;
    least += isCertain ? change : Math.min(0, change);
    most += isCertain ? change : Math.max(0, change);
  }
  return [least, most];
}

function checkRead(read: Call, pieces: readonly [number, number], holds: readonly Hold[]): Violation[] {
  let certain = 0;
  let possible = 0;
  for (const hold of holds) {
    if (hold.certainFromMs < read.startMs && hold.certainUntilMs > read.endMs) certain += hold.count;
    if (hold.mayFromMs < read.endMs && hold.mayUntilMs > read.startMs) possible += hold.count;
  }
  const count = read.count ?? 0;
  const [least, most] = [Math.max(0, pieces[0] - possible), pieces[1] - certain];
  if (least <= count && count <= most) return [];
  const text = `${nameOf(read)} saw ${count} of sku ${read.sku}, possible were ${least} to ${most}`;
  return [{ kind: 'stale read', text }];
}

function holdsOf(evidence: Evidence): Map<number, Hold[]> {
  const { calls, final } = evidence;
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const releaseStartMs = firstReleases(evidence);
  const reservations = reservationsOf(evidence);
  const cancelEndMs = new Map<number, number>();
  for (const { operation, outcome, orderId, endMs } of calls) {
    if (operation !== 'cancelOrder' || outcome !== 'ok' || orderId === undefined) continue;
    cancelEndMs.set(orderId, Math.min(cancelEndMs.get(orderId) ?? Number.POSITIVE_INFINITY, endMs));
  }
  const holds = new Map<number, Hold[]>();
  for (const { orderId, user, status, lines } of final.orders) {
    if (status === 'failed') continue;
    const attempts = creates.get(user) ?? [];
    const granted = attempts.filter(({ outcome }) => outcome === 'ok').map(({ endMs }) => endMs);
    const hold = {
      mayFromMs: Math.min(...attempts.map(({ startMs }) => startMs)),
      certainFromMs: Math.min(...granted),
      certainUntilMs: releaseStartMs.get(orderId) ?? Number.POSITIVE_INFINITY,
      // A late payment takes the goods again.
      mayUntilMs: (reservations.get(orderId)?.mayBeLate ? undefined : cancelEndMs.get(orderId)) ?? NEVER_MS,
    };
    for (const { sku, count } of lines) {
      const ofSku = holds.get(sku) ?? [];
      holds.set(sku, ofSku);
      ofSku.push({ ...hold, count });
    }
  }
  return holds;
}
