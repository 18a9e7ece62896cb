/**
 * Changes of stock by hand: each acknowledged one is in the ledger once for each of its skus, a refused one
 * never, and a count leads to the right total. Every intended change has a reference of its own.
 */
import type { FinalMovement } from '../final-state.ts';
import { type Call, isStockChange, type SeenStock } from '../history.ts';
import { isDecided, isRefusedByStock } from './answers.ts';
import { type Evidence, groupCalls, nameOf, type Violation, type ViolationKind } from './evidence.ts';
import { CLOCK_MS, checkTime, createdMsOf, isByHand, movementsBySku, wrongMovement } from './ledger.ts';

/** What somebody changed by hand of the total of a sku, in milliseconds of the history. */
export interface HandChange {
  readonly change: number;
  /** It may be seen from the first of these times on, and is certainly from the second. */
  readonly mayFromMs: number;
  readonly certainFromMs: number;
}

/** The changes of each sku that are in the ledger, with the times of their calls. */
export function handChangesOf({
  calls,
  final,
  startedAtMs,
}: Pick<Evidence, 'calls' | 'final' | 'startedAtMs'>): Map<number, HandChange[]> {
  const byReference = groupCalls(calls, ({ reference }) => reference);
  const changes = new Map<number, HandChange[]>();
  for (const movement of final.movements.filter(isByHand)) {
    const attempts = byReference.get(movement.reference ?? '') ?? [];
    const createdMs = createdMsOf(movement, startedAtMs);
    // A count may be in the ledger several times: not each acknowledgement is about this movement.
    const acknowledged = attempts.filter(
      ({ outcome, endMs }) => outcome === 'ok' && endMs >= createdMs - CLOCK_MS,
    );
    const ofSku = changes.get(movement.sku) ?? [];
    changes.set(movement.sku, ofSku);
    ofSku.push({
      change: movement.totalChange,
      mayFromMs: Math.min(...attempts.map(({ startMs }) => startMs)),
      certainFromMs: Math.min(...acknowledged.map(({ endMs }) => endMs)),
    });
  }
  return changes;
}

export function checkStockChanges(evidence: Evidence): Violation[] {
  const { calls, final, startedAtMs } = evidence;
  const bySku = movementsBySku(final);
  const byReference = new Map<string, FinalMovement[]>();
  for (const movement of final.movements.filter(isByHand)) {
    const { reference = '' } = movement;
    byReference.set(reference, [...(byReference.get(reference) ?? []), movement]);
  }
  const requests = groupCalls(calls, ({ reference }) => reference);
  const unasked = [...byReference].filter(([reference]) => !requests.has(reference));
  const states = new States(evidence, bySku);
  return [
    ...unasked.flatMap(([, movements]) =>
      movements.map((each) => wrongMovement(each, 'no call requested it')),
    ),
    ...[...requests].flatMap(([reference, attempts]) => {
      const movements = byReference.get(reference) ?? [];
      return [
        ...checkNumber(attempts, movements),
        ...movements.flatMap((movement) => checkMovement(movement, attempts, bySku)),
        ...movements.flatMap((movement) => checkTime(movement, attempts, startedAtMs)),
        ...attempts.flatMap((call) => checkReply(call, movements)),
        ...attempts.flatMap((call) => checkRefusal(call, attempts, states)),
      ];
    }),
  ];
}

function skusOf({ changes = [], counts = [] }: Call): number[] {
  return [...changes, ...counts].map(({ sku }) => sku);
}

/**
 * How often a request is in the ledger, for each of its skus. An adjustment has a key and is made once. A
 * count has none: each attempt that is not refused may be a movement, and each acknowledged one is.
 */
function checkNumber(attempts: readonly Call[], movements: readonly FinalMovement[]): Violation[] {
  const [first] = attempts;
  if (first === undefined) return [];
  const acknowledged = attempts.filter(({ outcome }) => outcome === 'ok').length;
  const unknown = attempts.filter(({ outcome }) => outcome === 'unknown').length;
  const isCount = first.operation === 'countStock';
  const isRefused = !isCount && acknowledged === 0 && attempts.some(isDecided);
  const onceAtMost = isRefused ? 0 : Math.min(1, acknowledged + unknown);
  const [least, most] = isCount
    ? [acknowledged, acknowledged + unknown]
    : [Math.min(1, acknowledged), onceAtMost];
  const numbers = skusOf(first).map((sku) => movements.filter((movement) => movement.sku === sku).length);
  const kinds: ViolationKind[] = [];
  // All of its skus or none.
  if (numbers.some((number) => number < least || number < (numbers[0] ?? 0))) kinds.push('lost stock change');
  if (numbers.some((number) => number > most))
    kinds.push(most === 0 ? 'done though refused' : 'applied twice');
  const calls = attempts.map(nameOf).join('; ');
  const text = `${numbers.join(', ')} movements, ${least} to ${most} expected of: ${calls}`;
  return kinds.map((kind) => ({ kind, text }));
}

/** A movement is what its request wants. */
function checkMovement(
  movement: FinalMovement,
  [call]: readonly Call[],
  bySku: ReadonlyMap<number, readonly FinalMovement[]>,
): Violation[] {
  const { sku, kind, totalChange, total, occurredUs } = movement;
  const change = call?.changes?.find((each) => each.sku === sku);
  const count = call?.counts?.find((each) => each.sku === sku);
  if (change !== undefined) {
    const { expectedTotal = total - totalChange } = change;
    const isRight =
      kind === (change.change > 0 ? 'received' : 'adjusted') &&
      totalChange === change.change &&
      total - totalChange === expectedTotal;
    return isRight ? [] : [wrongMovement(movement, `requested was ${JSON.stringify(change)}`)];
  }
  if (count === undefined || kind !== 'counted' || occurredUs !== (call?.countedAtMs ?? 0) * 1_000) {
    return [wrongMovement(movement, `requested was ${JSON.stringify(count)} at ${call?.countedAtMs}`)];
  }
  const changedSince = changedSinceCount(movement, bySku.get(sku) ?? []);
  if (total === count.counted + changedSince) return [];
  const text = `sku ${sku}: ${count.counted} were counted, ${changedSince} added since then, it has ${total}`;
  return [{ kind: 'wrong count', text: `${text}: ${call === undefined ? '' : nameOf(call)}` }];
}

/** What changed the total between the time of a count and its movement, without other counts. */
function changedSinceCount(count: FinalMovement, ofSku: readonly FinalMovement[]): number {
  return ofSku
    .filter(({ version, kind }) => version < count.version && kind !== 'counted')
    .filter(({ createdUs }) => createdUs > (count.occurredUs ?? 0))
    .reduce((sum, { totalChange }) => sum + totalChange, 0);
}

/** An acknowledgement shows what is in the ledger. */
function checkReply(call: Call, movements: readonly FinalMovement[]): Violation[] {
  if (call.outcome !== 'ok') return [];
  const isWritten = (seen: SeenStock) =>
    movements.some(
      ({ sku, total, reserved, totalChange }) =>
        sku === seen.sku &&
        total === seen.total &&
        reserved === (seen.reserved ?? reserved) &&
        total - totalChange === (seen.totalBefore ?? total - totalChange) &&
        seen.changedSince === changedSinceOf(call, sku, total),
    );
  const seen = call.stocks ?? [];
  const isRight = `${seen.map(({ sku }) => sku)}` === `${skusOf(call)}` && seen.every(isWritten);
  const text = `${nameOf(call)} showed ${JSON.stringify(seen)}`;
  return isRight ? [] : [{ kind: 'false acknowledgement', text }];
}

function changedSinceOf({ counts }: Call, sku: number, total: number): number | undefined {
  const count = counts?.find((each) => each.sku === sku);
  return count && total - count.counted;
}

/** The counters of each sku, and when it had them. */
class States {
  readonly #evidence: Evidence;
  readonly #bySku: ReadonlyMap<number, readonly FinalMovement[]>;

  constructor(evidence: Evidence, bySku: ReadonlyMap<number, readonly FinalMovement[]>) {
    this.#evidence = evidence;
    this.#bySku = bySku;
  }

  /** The counters that a sku had at some time between two. */
  between(
    sku: number,
    fromMs: number,
    untilMs: number,
  ): readonly Pick<FinalMovement, 'total' | 'reserved'>[] {
    const { stock, startedAtMs } = this.#evidence;
    const movements = this.#bySku.get(sku) ?? [];
    if (movements.length === 0) return [{ total: stock.get(sku) ?? 0, reserved: 0 }];
    return movements.filter((movement, index) => {
      const next = movements[index + 1];
      const isFrom = index === 0 || createdMsOf(movement, startedAtMs) <= untilMs + CLOCK_MS;
      return isFrom && (next === undefined || createdMsOf(next, startedAtMs) >= fromMs - CLOCK_MS);
    });
  }

  /** Whether a sku was counted at a time. */
  isCountedAt(sku: number, atMs: number): boolean {
    return (this.#bySku.get(sku) ?? []).some(({ occurredUs }) => occurredUs === Math.round(atMs * 1_000));
  }
}

/** A refusal has a reason in the stock, as it was between the first attempt and the refusal. */
function checkRefusal(call: Call, attempts: readonly Call[], states: States): Violation[] {
  if (!isStockChange(call) || call.outcome !== 'refused') return [];
  const isInvalid = call.reason === 'INVALID_REQUEST';
  if (!isInvalid && !isRefusedByStock(call)) return [];
  const fromMs = Math.min(...attempts.map(({ startMs }) => startMs));
  const stocks = call.stocks ?? [];
  const isRight = stocks.length > 0 && stocks.every((seen) => isReason(call, seen, fromMs, states));
  const text = `${nameOf(call)} named ${JSON.stringify(stocks)}`;
  return isRight ? [] : [{ kind: 'wrong refusal', text }];
}

function isReason(call: Call, seen: SeenStock, fromMs: number, states: States): boolean {
  const { sku, total = 0, reserved, countedAtMs = 0 } = seen;
  if (call.reason === 'COUNT_STALE') {
    return countedAtMs > (call.countedAtMs ?? 0) && states.isCountedAt(sku, countedAtMs);
  }
  const wasSo = states
    .between(sku, fromMs, call.endMs)
    .some((state) => state.total === total && state.reserved === (reserved ?? state.reserved));
  if (call.reason !== 'STOCK_CHANGED' && call.operation === 'countStock') return wasSo;
  const change = call.changes?.find((each) => each.sku === sku);
  if (change === undefined) return false;
  if (call.reason === 'STOCK_CHANGED') {
    return wasSo && change.expectedTotal !== undefined && change.expectedTotal !== total;
  }
  return wasSo && reserved !== undefined && total + change.change < reserved;
}
