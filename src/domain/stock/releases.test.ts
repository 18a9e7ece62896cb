/** When pieces come free, against a search from the first release on. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { releaseTimes } from './releases.ts';

const release = fc.record({
  endUs: fc.bigInt({ min: 0n, max: 20n }),
  count: fc.integer({ min: 1, max: 5 }),
});

test('it is the end of the first release by which there are enough, and never if there are too few', () => {
  fc.assert(
    fc.property(fc.array(release, { maxLength: 20 }), fc.integer({ min: 1, max: 60 }), (releases, pieces) => {
      const freeBy = (endUs: bigint) =>
        releases.reduce((sum, each) => (each.endUs <= endUs ? sum + each.count : sum), 0);
      const enough = releases.map(({ endUs }) => endUs).filter((endUs) => freeBy(endUs) >= pieces);
      const earliest = enough.sort((a, b) => Number(a - b))[0];
      expect(releaseTimes(releases)(pieces)).toBe(earliest);
    }),
  );
});
