/** What the parts of the checker share: the evidence that they judge and the words for what they find. */
import type { FinalState } from '../final-state.ts';
import type { Call, Outage, Sample, Stop } from '../history.ts';

/** What can be wrong, each in a word that reports use. */
const violationKinds = [
  'lost order',
  'changed order',
  'false acknowledgement',
  'done though refused',
  'applied twice',
  'two outcomes for one key',
  'wrong replay',
  'oversold',
  'books do not balance',
  'illegal transition',
  'stuck new',
  'stale read',
  'replica differs',
  'unknown not resolved',
  'late answer',
  'accepted but not answered',
  'reads stopped',
  'did not recover',
  'internal error',
] as const;

export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  /** What was seen, with enough to find it in the history. */
  readonly text: string;
}

/** All that there is to be judged. */
export interface Evidence {
  readonly calls: readonly Call[];
  readonly samples: readonly Sample[];
  readonly final: FinalState;
  /** What the replica holds in the end, where there still is one. */
  readonly replica?: FinalState | undefined;
  /** What the service logged, a JSON object a line. */
  readonly log: readonly string[];
  /** How processes of the service ended that were not asked to, or not so. */
  readonly accidents: readonly string[];
  /** How many pieces each sku had in the beginning. */
  readonly stock: ReadonlyMap<number, number>;
  /** By how much an answer may come after its deadline. */
  readonly toleranceMs: number;
  /** The epoch time of the history's zero. */
  readonly beganAtMs: number;
  /** When no commit could be confirmed. */
  readonly outages: readonly Outage[];
  /** When the service was stopped in order. */
  readonly stops: readonly Stop[];
  /** The service was only ever stopped in order, so whatever it took it must have answered. */
  readonly orderly: boolean;
}

/** Groups calls by what `of` gives; those for which it gives nothing are left out. */
export function groupCalls(
  calls: readonly Call[],
  of: (call: Call) => number | undefined,
): Map<number, Call[]> {
  const groups = new Map<number, Call[]>();
  for (const call of calls) {
    const group = of(call);
    if (group === undefined) continue;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [call]);
    else members.push(call);
  }
  return groups;
}

/** Names a call so that it can be found in the history. */
export function nameOf(call: Call): string {
  const { operation, transport, lane, startMs, endMs, outcome, reason } = call;
  const about = call.orderId ?? call.user ?? call.sku;
  const when = `${startMs.toFixed(1)}-${endMs.toFixed(1)} ms`;
  return `${operation} ${about} by lane ${lane} over ${transport} at ${when}: ${reason ?? outcome}`;
}
