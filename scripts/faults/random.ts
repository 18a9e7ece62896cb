/** Random numbers that a seed decides. */

/** A source of numbers. Sources of the same seed and the same names give the same numbers. */
export class Random {
  #state: number;

  constructor(seed: number, ...names: readonly (string | number)[]) {
    this.#state = seed | 0;
    for (const character of names.join('/')) {
      this.#state = Math.imul(this.#state ^ (character.codePointAt(0) ?? 0), 0x01000193);
      this.#next();
    }
  }

  /** From 0 to 1, without 1. */
  share(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.share() * (max - min + 1));
  }

  /** Whether something happens that happens in this share of cases. */
  chance(share: number): boolean {
    return this.share() < share;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** A 32-bit mixer with a counter as its state. */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
