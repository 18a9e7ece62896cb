/**
 * How far a replica's replay is behind, by its own progress and our clock. The age of its last replayed
 * transaction is no measure: after an idle night it is hours, with nothing left to replay.
 */

/** WAL that a replica had received, but not replayed, at `sinceMs`. */
export interface Backlog {
  /** The position up to which WAL had been received, in bytes. */
  readonly received: bigint;
  readonly sinceMs: number;
}

/** Keeps a backlog until it is replayed, then takes the one gathered since; undefined when there is none. */
export function nextBacklog(
  before: Backlog | undefined,
  { received, replayed }: { readonly received: bigint; readonly replayed: bigint },
  nowMs: number,
): Backlog | undefined {
  if (before !== undefined && replayed < before.received) return before;
  return replayed < received ? { received, sinceMs: nowMs } : undefined;
}

/** For how many milliseconds received WAL has not been replayed. */
export function replayLagMs(backlog: Backlog | undefined, nowMs: number): number {
  return backlog === undefined ? 0 : nowMs - backlog.sinceMs;
}
