/**
 * Instants: points in time in nanoseconds since the epoch, as both transports carry them. The database keeps
 * microseconds. No instant is rounded on its way through the service.
 */

/** Nanoseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

const NANOS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 and Timestamp both reach from the year 1 to 9999. */
const MIN = secondsOf('0001-01-01T00:00:00Z') * NANOS_PER_SECOND;
const MAX = secondsOf('9999-12-31T23:59:59Z') * NANOS_PER_SECOND + NANOS_PER_SECOND - 1n;

const rfc3339 =
  /^(\d{4}-(?:0\d|1[0-2])-[0-3]\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** Reads a time of RFC 3339, with at most nine digits of a second. Returns undefined for any other text. */
export function parseInstant(text: string): Instant | undefined {
  const [, time = '', fraction = '', zone = ''] = rfc3339.exec(text) ?? [];
  const local = `${time.toUpperCase()}Z`;
  const milliseconds = Date.parse(`${time.toUpperCase()}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return undefined;
  // `Date` takes the 30th of February for the 2nd of March.
  if (new Date(Date.parse(local)).toISOString().slice(0, 19) !== local.slice(0, 19)) return undefined;
  const instant = BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return isInstant(instant) ? instant : undefined;
}

/** Whether an instant lies within the years that both transports can carry. */
export function isInstant(instant: Instant): boolean {
  return instant >= MIN && instant <= MAX;
}

/** Prints an instant as a time of RFC 3339 in UTC, to the microsecond. */
export function formatInstant(instant: Instant): string {
  const { seconds, nanos } = timestampOf(instant);
  const micros = String(Math.trunc(nanos / 1_000)).padStart(6, '0');
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${micros}Z`;
}

/** An instant from microseconds, as the database gives them. */
export function instantOfMicros(micros: bigint): Instant {
  return micros * 1_000n;
}

/** The microseconds of an instant of the database. */
export function microsOf(instant: Instant): bigint {
  return instant / 1_000n;
}

/** The form of `google.protobuf.Timestamp`, whose nanoseconds are never negative. */
export interface Timestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The instant as a Timestamp. */
export function timestampOf(instant: Instant): Timestamp {
  const nanos = ((instant % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return { seconds: (instant - nanos) / NANOS_PER_SECOND, nanos: Number(nanos) };
}

/** The same for a time that may be missing. */
export function optionalTimestamp(instant: Instant | undefined) {
  return instant === undefined ? undefined : timestampOf(instant);
}

/** Reads a Timestamp. Returns undefined where it is none. */
export function instantOf({ seconds, nanos }: Timestamp): Instant | undefined {
  if (nanos < 0 || nanos >= Number(NANOS_PER_SECOND)) return undefined;
  const instant = seconds * NANOS_PER_SECOND + BigInt(nanos);
  return isInstant(instant) ? instant : undefined;
}

function secondsOf(text: string): bigint {
  return BigInt(Date.parse(text)) / 1_000n;
}
