/** Command line arguments. */

/** An invalid argument. Its message is shown without a stack. */
export class BadArgument extends Error {
  override readonly name = 'BadArgument';
}

/** @throws BadArgument unless the text is a whole number of at least `min`. */
export function wholeNumber(name: string, text: string, min = 0): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new BadArgument(`${name} must be a whole number from ${min} on, not ${JSON.stringify(text)}`);
}
