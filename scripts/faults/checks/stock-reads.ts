/**
 * What callers saw of the stock, as bounds. Orders that were certainly alive for all of a read are not in what
 * it shows; what it does not show must be held by orders that may have been alive.
 */
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { firstCancels } from './stock.ts';

/** What an order does to one sku, and when. */
interface Hold {
  readonly count: number;
  /** It may hold from the first and surely holds from the second of these on. */
  readonly mayFromMs: number;
  readonly surelyFromMs: number;
  /** It surely holds until the first and may hold until the second of these. */
  readonly surelyUntilMs: number;
  readonly mayUntilMs: number;
}

export function checkStockReads({ calls, final, stock }: Evidence): Violation[] {
  const holds = holdsOf({ calls, final });
  const reads = groupCalls(calls, ({ operation, outcome, sku }) =>
    operation === 'getStock' && outcome === 'ok' ? sku : undefined,
  );
  return [...reads].flatMap(([sku, ofSku]) =>
    ofSku.flatMap((read) => checkRead(read, stock.get(sku) ?? 0, holds.get(sku) ?? [])),
  );
}

function checkRead(read: Call, begun: number, holds: readonly Hold[]): Violation[] {
  let surely = 0;
  let possibly = 0;
  for (const hold of holds) {
    if (hold.surelyFromMs < read.startMs && hold.surelyUntilMs > read.endMs) surely += hold.count;
    if (hold.mayFromMs < read.endMs && hold.mayUntilMs > read.startMs) possibly += hold.count;
  }
  const count = read.count ?? 0;
  const [least, most] = [Math.max(0, begun - possibly), begun - surely];
  if (least <= count && count <= most) return [];
  const text = `${nameOf(read)} saw ${count} of sku ${read.sku}, possible were ${least} to ${most}`;
  return [{ kind: 'stale read', text }];
}

function holdsOf({ calls, final }: Pick<Evidence, 'calls' | 'final'>): Map<number, Hold[]> {
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const cancelBegunMs = firstCancels(calls);
  const cancelDoneMs = new Map<number, number>();
  for (const { operation, outcome, orderId, endMs } of calls) {
    if (operation !== 'cancelOrder' || outcome !== 'ok' || orderId === undefined) continue;
    cancelDoneMs.set(orderId, Math.min(cancelDoneMs.get(orderId) ?? Number.POSITIVE_INFINITY, endMs));
  }
  const holds = new Map<number, Hold[]>();
  for (const { orderId, user, status, lines } of final.orders) {
    if (status === 'failed') continue;
    const attempts = creates.get(user) ?? [];
    const granted = attempts.filter(({ outcome }) => outcome === 'ok').map(({ endMs }) => endMs);
    const hold = {
      mayFromMs: Math.min(...attempts.map(({ startMs }) => startMs)),
      surelyFromMs: Math.min(...granted),
      surelyUntilMs: cancelBegunMs.get(orderId) ?? Number.POSITIVE_INFINITY,
      mayUntilMs: cancelDoneMs.get(orderId) ?? Number.POSITIVE_INFINITY,
    };
    for (const { sku, count } of lines) {
      const ofSku = holds.get(sku) ?? [];
      holds.set(sku, ofSku);
      ofSku.push({ ...hold, count });
    }
  }
  return holds;
}
