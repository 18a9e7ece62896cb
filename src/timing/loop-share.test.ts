/** What work that may be late leaves to the requests. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoopShare, SHARE_MIN } from './loop-share.ts';

/** A loop whose times the test adds. */
function loop() {
  const total = { active: 0, idle: 0 };
  const share = new LoopShare(() => ({ ...total }));
  const add = (active: number, idle: number) => {
    total.active += active;
    total.idle += idle;
  };
  return { share, add };
}

test('a loop with no other work makes no pause, and a full one leaves the least share', () => {
  const { share, add } = loop();
  add(0, 100);
  expect(share.timeFor(10)).toBe(10);
  add(10, 90);
  expect(share.timeFor(20)).toBe(20);
  add(100, 0);
  expect(share.timeFor(1)).toBeCloseTo(1 / SHARE_MIN);
});

test('only what happened since the last call counts, without the work that began with it', () => {
  const { share, add } = loop();
  add(10_000, 0);
  share.timeFor(10);
  add(60, 50);
  expect(share.timeFor(10)).toBeCloseTo(10 / (1 - 50 / 110) ** 3);
});

test('the share falls with the load of others, down to the least share', () => {
  const ms = fc.double({ min: 0, max: 1_000, noNaN: true });
  fc.assert(
    fc.property(ms, ms, ms, (workMs, othersMs, idle) => {
      fc.pre(workMs > 1e-6);
      const { share, add } = loop();
      share.timeFor(workMs);
      add(workMs + othersMs, idle);
      const others = othersMs / (workMs + othersMs + idle);
      expect(workMs / share.timeFor(workMs)).toBeCloseTo(Math.max(SHARE_MIN, (1 - others) ** 3));
    }),
  );
});
