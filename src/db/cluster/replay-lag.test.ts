/** How far a replica is behind, told by its own progress. */
import { expect, test } from 'vitest';
import { ReplayLag } from './replay-lag.ts';

test('a replica that has replayed all that it received is not behind, however long nothing happened', () => {
  const lag = new ReplayLag();
  expect(lag.look(100n, 100n, 0)).toBe(0);
  expect(lag.look(100n, 100n, 86_400_000)).toBe(0);
  expect(lag.look(200n, 100n, 86_400_001)).toBe(0);
});

test('lag is for how long WAL that was received has not been replayed', () => {
  const lag = new ReplayLag();
  lag.look(200n, 100n, 0);
  expect(lag.look(300n, 150n, 1_000)).toBe(1_000);
  expect(lag.look(300n, 199n, 2_500)).toBe(2_500);
});

test('a replica that keeps up is never behind for longer than between two looks', () => {
  const lag = new ReplayLag();
  lag.look(200n, 100n, 0);
  expect(lag.look(300n, 200n, 1_000)).toBe(0);
  expect(lag.look(400n, 300n, 2_000)).toBe(0);
  expect(lag.look(400n, 400n, 3_000)).toBe(0);
});
