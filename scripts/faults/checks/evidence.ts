/** What the parts of the checker share: the evidence, and the kinds of violations. */
import type { Hold, Resume, SeenPage } from '../feed/seen.ts';
import type { FinalBatch, FinalState } from '../final-state.ts';
import type { Call, CoreWait, FeedEnd, Flood, Outage, Probe, Sample, Stop } from '../history.ts';

/** The kinds of violations, as reports name them. */
const violationKinds = [
  'lost order',
  'changed order',
  'false acknowledgement',
  'done though refused',
  'applied twice',
  'two outcomes for one key',
  'wrong replay',
  'oversold',
  'ledger mismatch',
  'broken chain',
  'lost stock change',
  'wrong movement',
  'wrong count',
  'wrong refusal',
  'gap in the feed',
  'not published',
  'lost event',
  'event twice',
  'event out of order',
  'wrong event',
  'reader held up',
  'wrong copy of the stock',
  'illegal transition',
  'payed after its end',
  'expired too early',
  'held too long',
  'stuck new',
  'stale read',
  'replica differs',
  'unknown not resolved',
  'late answer',
  'accepted but not answered',
  'reads stopped',
  'did not recover',
  'probe failed',
  'late after a flood',
  'internal error',
] as const;

export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  /** What was found, with enough to find it in the history. */
  readonly text: string;
}

/** What the readers of the feed have received. */
export interface FeedEvidence extends FeedEnd {
  /** Of each reader in the order of their arrival. */
  readonly pages: readonly SeenPage[];
  readonly resumes: readonly Resume[];
  /** When one of them did not read. */
  readonly holds: readonly Hold[];
  /** Batches of events that the run itself has removed. */
  readonly removed: readonly FinalBatch[];
}

/** All that the checker reads. */
export interface Evidence {
  readonly calls: readonly Call[];
  readonly samples: readonly Sample[];
  readonly final: FinalState;
  /** The final state of the replica, where there still is one. */
  readonly replica?: FinalState | undefined;
  /** The log of the service, a JSON object a line. */
  readonly log: readonly string[];
  /** Exits of the service that the run did not cause, or that differ from what it caused. */
  readonly unexpectedExits: readonly string[];
  /** The initial pieces of each sku. */
  readonly stock: ReadonlyMap<number, number>;
  /** What a busy machine may add to a time, in milliseconds. */
  readonly toleranceMs: number;
  /** The epoch time of the history's start. */
  readonly startedAtMs: number;
  /** When no commit could be confirmed. */
  readonly outages: readonly Outage[];
  /** When one client flooded the service. */
  readonly floods: readonly Flood[];
  /** What the probe port answered, where it was requested. */
  readonly probes: readonly Probe[];
  /** When the service or its callers could not run. */
  readonly coreWaits: readonly CoreWait[];
  readonly feed: FeedEvidence;
  /** When the service was stopped gracefully. */
  readonly stops: readonly Stop[];
  /** The service was only ever stopped gracefully, so it must have answered every accepted request. */
  readonly graceful: boolean;
}

/** Groups calls by a key; those without one are left out. */
export function groupCalls<Key extends number | string>(
  calls: readonly Call[],
  keyOf: (call: Call) => Key | undefined,
): Map<Key, Call[]> {
  const groups = new Map<Key, Call[]>();
  for (const call of calls) {
    const group = keyOf(call);
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
  const about = call.orderId ?? call.user ?? call.sku ?? call.reference;
  const when = `${startMs.toFixed(1)}-${endMs.toFixed(1)} ms`;
  return `${operation} ${about} by lane ${lane} over ${transport} at ${when}: ${reason ?? outcome}`;
}
