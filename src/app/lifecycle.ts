/** What was opened is closed in the reverse order, also after a failure. */

/** What must be closed, in the order in which it was opened. */
export type Closers = (() => Promise<unknown>)[];

/**
 * Closes everything in the reverse order, also what is behind one that fails. Throws the first error then.
 */
export async function closeAll(closers: Closers): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.splice(0).reverse()) await close().catch((error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
