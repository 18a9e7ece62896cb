/** Kinds of cases, and how they are mixed. */
import fc, { type Arbitrary } from 'fast-check';
import type { Case, Made, ServiceName } from './case.ts';

/** A kind of case: its name, how often it comes beside the others, and how its cases are made. */
export type Kind<Of extends Case> = readonly [name: string, weight: number, arbitrary: Arbitrary<Made<Of>>];

/** All kinds as one arbitrary of cases for one service. */
export function ofKinds<Of extends Case>(
  kinds: readonly Kind<Of>[],
  service: ServiceName = 'open',
): Arbitrary<Case> {
  return fc.oneof(
    ...kinds.map(([kind, weight, arbitrary]) => ({
      weight: Math.round(10 * weight),
      arbitrary: arbitrary.map((made) => ({ ...made, kind, service }) as unknown as Case),
    })),
  );
}
