/** REST and gRPC refuse the same changes of stock, in the same words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantOf, type Timestamp } from '../../src/domain/instant.ts';
import { type Outcome, refused } from '../../src/domain/outcome.ts';
import { adjustmentReasons } from '../../src/domain/stock/adjust.ts';
import { invalidFields, type MessageName } from '../../src/domain/violations.ts';
import {
  type StockAdjustment,
  type StockCount,
  StockServiceService as stock,
} from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { requestReader } from '../../src/transport/grpc/validate.ts';
import { violatedPaths } from '../../src/transport/http/fields.ts';
import { parseJson, stringifyJson } from '../../src/transport/http/json.ts';
import { adjustStockRequest, countStockRequest } from '../../src/transport/http/stock-adjustments.ts';
import { INT64_MAX, LINES_MAX, UINT32_MAX } from '../support/limits.ts';
import { bytesField, numberField } from '../support/protobuf.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const sku = fc.oneof(fc.constantFrom(0, 1, UINT32_MAX), fc.integer({ min: 1, max: UINT32_MAX }));
const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, INT64_MAX, -INT64_MAX - 1n, 2n ** 53n + 1n),
  fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }),
);
/** Texts around the limit, also of characters that JavaScript counts twice. */
const text = fc.oneof(
  fc
    .tuple(fc.constantFrom('a', '\u00e9', '\u{1F4E6}'), fc.constantFrom(0, 1, 254, 255, 256))
    .map(([character, length]) => character.repeat(length)),
  fc.constantFrom('a\0', '\n', '"\\'),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const texts = { reference: text, note: text };
const reason = fc.constantFrom(...adjustmentReasons, ...adjustmentReasons, '', 'sold', 'RECEIVED');
const adjustment = fc.record({
  sku,
  change: optional(int64),
  expectedTotal: optional(int64),
  reason,
  ...texts,
});

/** A time as the text of JSON and as a message. Some are none. */
const time = fc.oneof(
  fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }).map((seconds) => ({
    text: new Date(Number(seconds) * 1_000).toISOString().replace(/^[+-]00/, ''),
    timestamp: { seconds, nanos: 0 },
  })),
  fc.constantFrom(
    { text: '', timestamp: { seconds: 0n, nanos: -1 } },
    { text: '2026-11-26', timestamp: { seconds: 0n, nanos: 1_000_000_000 } },
    { text: '10000-01-01T00:00:00Z', timestamp: { seconds: 253_402_300_800n, nanos: 0 } },
  ),
);
const count = fc.record({ sku, counted: optional(int64), countedAt: optional(time), ...texts });

/** A few lines, or as many as are allowed and one more. */
const lines = <T>(line: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(line, { maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(LINES_MAX, LINES_MAX + 1), line)
        .map(([length, each]) => Array.from({ length }, () => each)),
    },
  );

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: { path: PropertyKey[] }[] } };
}

function overRest(message: MessageName, schema: Schema, request: unknown): Outcome<unknown> {
  const parsed = schema.safeParse(parseJson(stringifyJson(request)));
  return parsed.success
    ? { ok: true, value: parsed.data }
    : refused(invalidFields(message, violatedPaths(parsed.error.issues)));
}

/** Times as both transports hand them on, and integers as texts. */
function comparable(outcome: Outcome<unknown>): unknown {
  if (!outcome.ok) return outcome;
  const inNanoseconds = (key: string, value: unknown) => {
    if (key === '$typeName') return undefined;
    if (key === 'countedAt' && typeof value === 'object') return `${instantOf(value as Timestamp)}`;
    return typeof value === 'bigint' ? `${value}` : value;
  };
  return JSON.parse(JSON.stringify(outcome.value, inNanoseconds));
}

test('both accept or refuse an adjustment, for the same fields', () => {
  const { path, requestSerialize } = stock.adjustStock;
  let accepted = 0;
  fc.assert(
    fc.property(lines(adjustment), (changes) => {
      const rest = overRest('AdjustStockRequest', adjustStockRequest, { changes });
      const grpc = requestReader(path)(requestSerialize({ changes: changes as StockAdjustment[] }));
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(comparable(grpc));
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(3);
});

test('both accept or refuse a count, for the same fields', () => {
  const { path, requestSerialize } = stock.countStock;
  let accepted = 0;
  fc.assert(
    fc.property(lines(count), (counts) => {
      const inJson = counts.map((each) => ({ ...each, countedAt: each.countedAt?.text }));
      const messages = counts.map((each) => ({ ...each, countedAt: each.countedAt?.timestamp }));
      const rest = overRest('CountStockRequest', countStockRequest, { counts: inJson });
      const grpc = requestReader(path)(requestSerialize({ counts: messages as StockCount[] }));
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(comparable(grpc));
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(3);
});

test.each(['"5"', '"-5"', '"0"', '0', '-5', '-9223372036854775808'])('a change of %s is read', (change) => {
  const body = parseJson(`{"changes":[{"sku":1,"change":${change},"reason":"found"}]}`);
  expect(adjustStockRequest.parse(body).changes[0]?.change).toBe(BigInt(change.replaceAll('"', '')));
});

test.each(['"-0"', '"+5"', '"05"', '1.5', '1e3', 'null', '""', '-9223372036854775809', '"--5"', '"\\ud800"'])(
  'a change of %s is refused over REST',
  (change) => {
    const body = parseJson(`{"changes":[{"sku":1,"change":${change},"reason":"found"}]}`);
    expect(adjustStockRequest.safeParse(body).success).toBe(false);
  },
);

test('half a character is refused over REST', () => {
  const body = parseJson('{"changes":[{"sku":1,"change":1,"reason":"found","note":"\\ud83d"}]}');
  expect(adjustStockRequest.safeParse(body).success).toBe(false);
});

test('a time over gRPC that is wider than its field is named as a whole', () => {
  // StockCount.counted_at with nanos of 2^32 + 1.
  const { path } = stock.countStock;
  const wide = bytesField(3, numberField(2, 2n ** 32n + 1n));
  const bytes = bytesField(1, Buffer.concat([numberField(1, 1n), numberField(2, 1n), wide]));
  const read = requestReader(path)(bytes);
  expect(read).toMatchObject({
    refusal: { detail: { fieldViolations: [{ field: 'counts[0].countedAt' }] } },
  });
});
