/** Instants: no digit is lost between RFC 3339, Timestamp and the database. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatInstant, instantOf, isInstant, parseInstant, timestampOf } from './instant.ts';

const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });

test('an instant of the database survives both forms, before 1970 too', () => {
  fc.assert(
    fc.property(micros, (value) => {
      const instant = value * 1_000n;
      expect(parseInstant(formatInstant(instant))).toBe(instant);
      expect(instantOf(timestampOf(instant))).toBe(instant);
    }),
  );
});

test('texts sort as their instants do', () => {
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      const [first, second] = [formatInstant(a * 1_000n), formatInstant(b * 1_000n)];
      expect(first < second).toBe(a < b);
    }),
  );
});

test.each([
  ['2026-11-26T12:00:00Z', 1_795_694_400_000_000_000n],
  ['2026-11-26t14:00:00.123456789+02:00', 1_795_694_400_123_456_789n],
  ['1969-12-31T23:59:59.5Z', -500_000_000n],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
])('%s is read', (text, instant) => {
  expect(parseInstant(text)).toBe(instant);
});

test.each([
  '2026-02-29T00:00:00Z',
  '2026-11-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-26T24:00:00Z',
  '2026-11-26T12:00:60Z',
  '2026-11-26T12:00:00',
  '2026-11-26 12:00:00Z',
  '2026-11-26',
  '2026-11-26T12:00:00.1234567890Z',
  '2026-11-26T12:00:00+25:00',
  '0000-12-31T23:59:59Z',
  '0001-01-01T00:00:00+01:00',
  '+12026-11-26T12:00:00Z',
  '',
])('"%s" is refused', (text) => {
  expect(parseInstant(text)).toBeUndefined();
});

test.each([
  { seconds: 0n, nanos: -1 },
  { seconds: 0n, nanos: 1_000_000_000 },
  { seconds: -62_135_596_801n, nanos: 0 },
  { seconds: 253_402_300_800n, nanos: 0 },
])('%o is no Timestamp', (timestamp) => {
  expect(instantOf(timestamp)).toBeUndefined();
});

test('the first and the last instant are the first and last of both forms', () => {
  expect(isInstant(-62_135_596_800_000_000_000n)).toBe(true);
  expect(isInstant(253_402_300_799_999_999_999n)).toBe(true);
  expect(isInstant(253_402_300_800_000_000_000n)).toBe(false);
});
