/** The request id. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestIdOf, traceOf } from './traceparent.ts';

const SENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a valid traceparent is continued: its trace id, and a span id of our own', () => {
  const trace = traceOf(SENT);
  expect(trace).toMatchObject({ parent: SENT, traceId: SENT.slice(3, 35), isSampled: false });
  expect(trace.requestId).toMatch(
    /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-00$/,
  );
  expect(trace.requestId).toContain(trace.spanId);
});

test('anything else counts as none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constant(SENT.toUpperCase()), fc.constant(undefined)), (sent) => {
      expect(traceOf(sent).parent).toBeUndefined();
    }),
  );
});

test('ids are valid and differ, also when their pool is filled again', () => {
  const ids = Array.from({ length: 2_000 }, () => requestIdOf());
  for (const id of ids) expect(id).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(new Set(ids.map((id) => id.slice(3, 35))).size).toBe(ids.length);
  expect(new Set(ids.map((id) => id.slice(36, 52))).size).toBe(ids.length);
});

test('the sampler gets the trace id and the decision of the caller', () => {
  const asked: unknown[] = [];
  const sample = (...args: unknown[]) => asked.push(args) > 0;
  expect(traceOf(SENT, sample).requestId).toMatch(/-01$/);
  traceOf(SENT.replace(/1$/, '0'), sample);
  traceOf(undefined, sample);
  const traceId = SENT.slice(3, 35);
  expect(asked).toEqual([
    [traceId, true],
    [traceId, false],
    [expect.stringMatching(/^[0-9a-f]{32}$/), undefined],
  ]);
});
