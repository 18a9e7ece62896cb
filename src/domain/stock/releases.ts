/** Releases: when pieces that open orders hold come free, if nobody pays. Pure. */

/** Pieces that come free together. */
export interface Release {
  /** In microseconds since the epoch. */
  readonly endUs: bigint;
  readonly count: number;
}

/**
 * Finds when a number of pieces of one sku has come free.
 *
 * @param releases in any order.
 * @returns a function of a number of pieces, which returns a time in microseconds since the epoch; undefined
 * where there are not that many.
 */
export function releaseTimes(releases: readonly Release[]): (pieces: number) => bigint | undefined {
  const byEnd = [...releases].sort((a, b) => Number(a.endUs - b.endUs));
  let sum = 0;
  const sums = byEnd.map(({ count }) => {
    sum += count;
    return sum;
  });
  return (pieces) => {
    let from = 0;
    let to = sums.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sums[middle] as number) < pieces) from = middle + 1;
      else to = middle;
    }
    return byEnd[from]?.endUs;
  };
}
