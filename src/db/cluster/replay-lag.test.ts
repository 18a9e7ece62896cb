/** Replay lag, measured by the replica's own progress. */
import { expect, test } from 'vitest';
import { type Backlog, nextBacklog, replayLagMs } from './replay-lag.ts';

/** The lag after each of the given rounds: received and replayed WAL, and the time. */
function lagsOf(...rounds: [received: bigint, replayed: bigint, nowMs: number][]): number[] {
  let backlog: Backlog | undefined;
  return rounds.map(([received, replayed, nowMs]) => {
    backlog = nextBacklog(backlog, { received, replayed }, nowMs);
    return replayLagMs(backlog, nowMs);
  });
}

test('a replica that has replayed everything has no lag, however long it was idle', () => {
  expect(lagsOf([100n, 100n, 0], [100n, 100n, 86_400_000], [200n, 100n, 86_400_001])).toEqual([0, 0, 0]);
});

test('lag counts from when received WAL was first seen unreplayed', () => {
  expect(lagsOf([200n, 100n, 0], [300n, 150n, 1_000], [300n, 199n, 2_500])).toEqual([0, 1_000, 2_500]);
});

test('a replica that replays the WAL of each round by the next one has no lag', () => {
  const rounds = lagsOf([200n, 100n, 0], [300n, 200n, 1_000], [400n, 300n, 2_000], [400n, 400n, 3_000]);
  expect(rounds).toEqual([0, 0, 0, 0]);
});
