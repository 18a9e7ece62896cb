/**
 * Which requests are recorded as spans, or logged. It is decided before anything is made for a span, so that
 * a request that is not recorded costs nothing.
 */

/** The values of `OTEL_TRACES_SAMPLER`. */
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface Sampling {
  readonly sampler: (typeof samplers)[number];
  /** The share of the traces, from 0 to 1, of the samplers that take one. */
  readonly ratio: number;
}

/** How many values 32 bits have. */
const RANGE = 2 ** 32;

/**
 * Whether a trace is among a share of all traces, by its id alone: every service decides alike, and a larger
 * share has all traces of a smaller one. It takes the first half of the 56 bits that the standard has for
 * randomness, and the upper end of their range, as OpenTelemetry's consistent sampling does.
 *
 * @param traceId 32 hexadecimal digits.
 * @param ratio from 0 to 1.
 */
export function isInShare(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(18, 26), 16) >= (1 - ratio) * RANGE;
}

/** Makes the decision of a sampler, by the trace id and the caller's decision, if there is one. */
export function createSampler({ sampler, ratio }: Sampling) {
  const shares = { always_on: 1, always_off: 0, traceidratio: ratio };
  const share = shares[sampler.replace('parentbased_', '') as keyof typeof shares];
  const isParentBased = sampler.startsWith('parentbased_');
  return (traceId: string, isParentSampled: boolean | undefined): boolean =>
    isParentBased && isParentSampled !== undefined ? isParentSampled : isInShare(traceId, share);
}
