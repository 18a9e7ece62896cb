/** Spans, as a receiver of OTLP/HTTP gets them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createSampler, isInShare } from './sampling.ts';
import { openTracing } from './tracing.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '00f067aa0ba902b7' };

test('a request and its batch arrive linked, with the ids that were answered', async () => {
  const bodies: string[] = [];
  const server = createServer(async (incoming, reply) => {
    let text = `${incoming.url} `;
    for await (const chunk of incoming) text += chunk;
    bodies.push(text);
    reply.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const tracer = openTracing({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ serviceName: 'loms', sampling: { sampler: 'always_on', ratio: 1 } },
    ...{ logger: pino({ level: 'silent' }), now: () => 1_000, wallClock: () => 1_795_694_400_000 },
  });
  const common = { startMs: 900, endMs: 1_000, attributes: {}, fault: undefined };
  const batch = tracer.recordBatch({ ...common, name: 'batch', links: [ids], events: [['locked', 950]] });
  tracer.recordRequest({ ...common, name: 'createOrder', ids, parent: PARENT, links: [batch] });
  await tracer.stop();
  const text = bodies.join('');
  expect(text.startsWith('/v1/traces ')).toBe(true);
  const spans = JSON.parse(text.slice(text.indexOf('{'))).resourceSpans[0].scopeSpans[0].spans;
  expect(spans).toMatchObject([
    { ...batch, name: 'batch', links: [ids], events: [{ name: 'locked' }] },
    { ...ids, name: 'createOrder', parentSpanId: 'b7ad6b7169203331', links: [batch] },
  ]);
});

test('a sampler follows the caller where it is based on it, and else the share', () => {
  const [low, high] = [ids.traceId.replace(/^.{32}$/, '0'.repeat(32)), 'f'.repeat(32)];
  const based = createSampler({ sampler: 'parentbased_traceidratio', ratio: 0.01 });
  expect([based(low, true), based(high, false), based(low, undefined), based(high, undefined)]).toEqual([
    ...[true, false, false, true],
  ]);
  expect(createSampler({ sampler: 'always_off', ratio: 1 })(high, true)).toBe(false);
  expect([isInShare(low, 1), isInShare(high, 0)]).toEqual([true, false]);
});
