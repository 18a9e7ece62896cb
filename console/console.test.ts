/** What the console computes without a browser: digits, times, addresses, and the parts of a stream. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { change, countdown, counted, duration, number } from './format.ts';
import { parseExact, printExact } from './json.ts';
import { addressOf, pages, placeOf } from './place.ts';
import { readServerEvents, type ServerEvent } from './server-events.ts';

test('64-bit integers pass through JSON digit for digit', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(int64, (value) => {
      expect(parseExact(printExact({ value }))).toEqual({ value });
    }),
  );
  expect(parseExact('{"ageMs":1.5}')).toEqual({ ageMs: 1.5 });
});

test('numbers are shown in groups, with all digits where they are whole', () => {
  expect(number(9007199254740993n).replaceAll('\u202f', ' ')).toBe('9 007 199 254 740 993');
  expect([number(0.01234), number(12.345), number(1234.5), number(undefined)]).toEqual([
    ...['0.0123', '12.3', '1\u202f235', '–'],
  ]);
  expect([change(5n), change(-5n), change(0n)]).toEqual(['+5', '−5', '0']);
  const pieces = [0n, 1n, 2n].map((count) => counted(count, 'piece'));
  expect(pieces).toEqual(['0 pieces', '1 piece', '2 pieces']);
});

test('a time that is left is shown in its two largest units', () => {
  const all = [0, 900, 59_000, 61_000, 3_600_000, 90_061_000, -5].map(countdown);
  expect(all).toEqual(['0 s', '1 s', '59 s', '1 min 1 s', '1 h 0 min', '1 d 1 h', '0 s']);
  expect([duration(0.0123), duration(2.5), duration(null)]).toEqual(['12.3 ms', '2.5 s', '–']);
});

test('an address leads back to its page and filters', () => {
  const text = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(fc.constantFrom(...pages), text, (page, value) => {
      const { page: found, filters } = placeOf(addressOf(page, { value, empty: '', missing: undefined }));
      expect([found, [...filters]]).toEqual([page, [['value', value]]]);
    }),
  );
  for (const hash of ['', '#', '#/', '#/unknown']) expect(placeOf(hash).page).toBe('now');
});

test('server-sent events are read wherever their chunks are cut', async () => {
  const text = 'retry: 1000\n\nevent: head\ndata: {"ä":1}\n\n:\nid: t1\n\nid: t2\ndata: a\ndata: b\n\n';
  const expected = [
    { name: 'message', id: '', data: '' },
    { name: 'head', id: '', data: '{"ä":1}' },
    { name: 'message', id: 't1', data: '' },
    { name: 'message', id: 't2', data: 'a\nb' },
  ];
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of [bytes.slice(0, cut), bytes.slice(cut)]) controller.enqueue(part);
        controller.close();
      },
    });
    const events: ServerEvent[] = [];
    for await (const event of readServerEvents(body)) events.push(event);
    expect(events).toEqual(expected);
  }
});
