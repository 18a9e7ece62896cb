/** How a body is put together, and at what cost. */
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Body } from './request.ts';

const MAX_BYTES = 128 * 1024;

test('a body in one piece is that piece, and not a copy', () => {
  const body = new Body(MAX_BYTES);
  const piece = Buffer.alloc(MAX_BYTES, 'x');
  expect(body.add(piece)).toBe(true);
  expect(body.bytes).toBe(piece);
});

test('a body in very many pieces is given new room a few times only', () => {
  const allocations = vi.spyOn(Buffer, 'allocUnsafe');
  const copies = vi.spyOn(Buffer, 'concat');
  onTestFinished(() => void vi.restoreAllMocks());
  const body = new Body(MAX_BYTES);
  for (let place = 0; place < MAX_BYTES; place++) body.add(Buffer.of(place % 251));
  expect(allocations.mock.calls.length + copies.mock.calls.length).toBeLessThanOrEqual(Math.log2(MAX_BYTES));
  const whole = Buffer.from(Array.from({ length: MAX_BYTES }, (_, place) => place % 251));
  expect(body.bytes.equals(whole)).toBe(true);
});

test('a body is its pieces in their order, up to its limit, and the pieces stay what they were', () => {
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
