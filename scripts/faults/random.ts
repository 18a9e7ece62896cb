/** Random numbers that a seed decides. */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A source of numbers. Sources of the same seed and the same names give the same numbers. */
export class Random {
  readonly #generator: RandomGenerator;

  constructor(seed: number, ...names: readonly (string | number)[]) {
    const mixed = createHash('sha256')
      .update([seed, ...names].join('/'))
      .digest();
    this.#generator = xoroshiro128plus(mixed.readInt32LE());
  }

  /** From 0 to 1, without 1. */
  share(): number {
    return uniformFloat64(this.#generator);
  }

  /** A whole number between two whole numbers, both ends included. */
  between(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  /** Whether something happens that happens in this share of cases. */
  chance(share: number): boolean {
    return this.share() < share;
  }

  /** @throws when there is nothing to pick from. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}
