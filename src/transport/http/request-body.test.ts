/** The assembly of a body from its pieces, and its cost. */
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Body } from './request.ts';

const MAX_BYTES = 128 * 1024;

test('a body in one piece is that piece without a copy', () => {
  const body = new Body(MAX_BYTES);
  const piece = Buffer.alloc(MAX_BYTES, 'x');
  expect(body.add(piece)).toBe(true);
  expect(body.bytes).toBe(piece);
});

test('a body in very many pieces is reallocated only a few times', () => {
  const allocations = vi.spyOn(Buffer, 'allocUnsafe');
  const copies = vi.spyOn(Buffer, 'concat');
  onTestFinished(() => void vi.restoreAllMocks());
  const body = new Body(MAX_BYTES);
  for (let index = 0; index < MAX_BYTES; index++) body.add(Buffer.of(index % 251));
  expect(allocations.mock.calls.length + copies.mock.calls.length).toBeLessThanOrEqual(Math.log2(MAX_BYTES));
  const whole = Buffer.from(Array.from({ length: MAX_BYTES }, (_, index) => index % 251));
  expect(body.bytes.equals(whole)).toBe(true);
});

test('a body is its pieces in order, up to its limit, and the pieces are not changed', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, fc.nat(300), (list, maxBytes) => {
      const body = new Body(maxBytes);
      const before = list.map((piece) => Buffer.from(piece));
      const given = list.map((piece) => Buffer.from(piece));
      const whole = Buffer.concat(before);
      expect(given.every((piece) => body.add(piece))).toBe(whole.length <= maxBytes);
      if (whole.length <= maxBytes) expect(body.bytes).toEqual(whole);
      expect(given).toEqual(before);
    }),
  );
});
