/** Spans, as a receiver of OTLP/HTTP gets them. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openCollector } from '../../test/support/collector.ts';
import { createSampler, isInShare } from './sampling.ts';
import { openTracing } from './tracing.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '00f067aa0ba902b7' };
const shown = { startMs: 900, endMs: 1_000, attributes: {}, fault: undefined };

function open(endpoint: string, lines: string[] = []) {
  const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  return openTracing({
    ...{ endpoint, logger, serviceName: 'loms', sampling: { sampler: 'always_on', ratio: 1 } },
    ...{ now: () => 1_000, wallClock: () => 1_795_694_400_000 },
  });
}

test('a request and its batch arrive linked, with the ids that were answered', async () => {
  const { endpoint, spans } = await openCollector();
  const tracer = open(endpoint);
  const batch = tracer.recordBatch({ ...shown, name: 'batch', links: [ids], events: [['locked', 950]] });
  tracer.recordRequest({ ...shown, name: 'createOrder', ids, parent: PARENT, links: [batch] });
  await tracer.stop();
  expect(spans).toMatchObject([
    { ...batch, name: 'batch', links: [ids], events: [{ name: 'locked' }] },
    { ...ids, name: 'createOrder', parentSpanId: 'b7ad6b7169203331', links: [batch] },
  ]);
});

test('exports that fail are logged once a minute, and change nothing else', async () => {
  const collector = await openCollector(400);
  const lines: string[] = [];
  const tracer = open(collector.endpoint, lines);
  // As many as two exports take.
  for (let count = 0; count < 1_000; count++)
    tracer.recordRequest({ ...shown, name: 'createOrder', ids, parent: undefined, links: [] });
  await tracer.stop();
  expect(collector.exports).toBe(2);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'spans could not be exported', suppressed: 0 },
  ]);
});

test('a sampler follows the caller where it is based on it, and else the share', () => {
  const [low, high] = ['0'.repeat(32), 'f'.repeat(32)];
  const based = createSampler({ sampler: 'parentbased_traceidratio', ratio: 0.01 });
  expect([based(low, true), based(high, false), based(low, undefined), based(high, undefined)]).toEqual([
    ...[true, false, false, true],
  ]);
  expect(createSampler({ sampler: 'always_off', ratio: 1 })(high, true)).toBe(false);
  expect([isInShare(low, 1), isInShare(high, 0)]).toEqual([true, false]);
});
