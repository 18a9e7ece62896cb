/** The command line of a run. */
import { parseArgs } from 'node:util';
import { BadArgument, wholeNumber } from '../lib/arguments.ts';

/** With fewer cases a leak does not show: code and caches outweigh it. */
export const CASES_MIN = 50_000;

export interface Plan {
  readonly cases: number;
  readonly seed: number;
  /** Only the case with this index is run. */
  readonly only?: number | undefined;
}

/** Reads the command line. Without a seed, the time gives one. */
export function readPlan(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { type: 'string', default: String(CASES_MIN) },
      seed: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { cases, seed = String(Date.now() % 1_000_000), only } = values;
  if (only !== undefined && values.seed === undefined) {
    throw new BadArgument('--only needs --seed: a case is found again by its seed and its index');
  }
  return {
    cases: wholeNumber('--cases', cases, 1),
    seed: wholeNumber('--seed', seed),
    only: only === undefined ? undefined : wholeNumber('--only', only),
  };
}
