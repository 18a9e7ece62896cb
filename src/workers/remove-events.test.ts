/** Removal of old events, in bounded runs. What is removed is tested with the feed. */
import { expect, test } from 'vitest';
import { quiet } from '../../test/support/quiet.ts';
import { EventRemoval } from './remove-events.ts';

test.each([
  [500, true],
  [499, false],
  [0, false],
])('a run that removes %i of up to 500 batches has more to remove: %s', async (removed, more) => {
  const asked: unknown[] = [];
  const remove = async (window: unknown) => {
    asked.push(window);
    return removed;
  };
  const removal = new EventRemoval({ retentionMs: 60_000, remove, logger: quiet });
  expect(await removal.runOnce()).toEqual({ removed, more });
  expect(asked).toEqual([{ retentionMs: 60_000, batchesMax: 500 }]);
});
