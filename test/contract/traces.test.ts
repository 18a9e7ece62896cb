/** The spans of a whole service: of requests over both transports, and of the batches that they were in. */
import { expect, test } from 'vitest';
import { openClients } from '../support/clients.ts';
import { openCollector } from '../support/collector.ts';
import { useDatabase } from '../support/database.ts';
import { startService } from '../support/service.ts';

const SKU = 4_000_000_001;
const PARENT = 'b7ad6b7169203331';
const create = { user: 1n, items: [{ sku: SKU, count: 1 }] };

/** Those with the flags 00 have decided that their traces are not recorded. */
const callers = ['REST', 'gRPC'].flatMap((transport) => ['01', '00'].map((flags) => ({ transport, flags })));

const database = useDatabase();

test('requests continue the traces of their callers, and are linked with their batches', async () => {
  const collector = await openCollector();
  await database.query('INSERT INTO stocks VALUES ($1, 100, 0)', [SKU]);
  const service = await startService(database, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  });
  const ports = { REST: service.app.httpPort, gRPC: service.app.grpcPort };
  for (const [index, { transport, flags }] of callers.entries()) {
    const traceparent = `00-${String(index + 1).repeat(32)}-${PARENT}-${flags}`;
    const client = openClients(ports, { traceparent }).find((each) => each.transport === transport);
    expect(await client?.call('createOrder', create)).toMatchObject({
      reply: { orderID: expect.anything() },
    });
  }
  await service.stop();
  const { spans } = collector;
  const requests = spans.filter(({ parentSpanId }) => parentSpanId === PARENT);
  const batches = spans.filter((span) => !requests.includes(span));
  expect(requests.map(({ name, traceId }) => [name, traceId])).toEqual([
    ['createOrder', '1'.repeat(32)],
    ['createOrder', '3'.repeat(32)],
  ]);
  expect(batches.map(({ name }) => name)).toEqual(['batch createOrder', 'batch createOrder']);
  const stages = ['connected', 'locked', 'decided', 'written', 'committed'];
  for (const [index, batch] of batches.entries()) {
    const idsOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({ traceId, spanId });
    const request = requests[index];
    expect(batch.links.map(idsOf)).toEqual(request ? [idsOf(request)] : []);
    expect(request?.links.map(idsOf)).toEqual([idsOf(batch)]);
    expect(batch.events.map(({ name }) => name)).toEqual(stages);
  }
});
