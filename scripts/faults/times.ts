/** Times of the contract as the run counts them. */
import { parseInstant } from '../../src/domain/instant.ts';

/** The milliseconds since the epoch of a time of RFC 3339. */
export function millisecondsOf(time: string | undefined): number | undefined {
  const instant = time === undefined ? undefined : parseInstant(time);
  return instant === undefined ? undefined : Number(instant / 1_000n) / 1_000;
}
