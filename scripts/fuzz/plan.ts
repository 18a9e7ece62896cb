/** What a run is to do, as the command line says. */
import { parseArgs } from 'node:util';
import { BadArgument, wholeNumber } from '../lib/arguments.ts';

/** Fewer cases do not show enough: what is made once, code and caches, outweighs what every case would leave. */
export const CASES_MIN = 50_000;

export interface Plan {
  readonly cases: number;
  readonly seed: number;
  /** Only the case with this index is run. */
  readonly only?: number | undefined;
}

/** Reads it; left out, the seed is one that hardly anybody has tried. */
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
