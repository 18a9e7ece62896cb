/** Health checks and health watches. */
import { once } from 'node:events';
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { service as contract, HealthImplementation } from 'grpc-health-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ask, startTestServer } from '../../../test/support/grpc-server.ts';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import { malformedRequest } from '../refusals.ts';
import { grpcLimits } from './server.ts';

interface HealthRequest {
  readonly service: string;
}

interface Health {
  readonly status: string;
}

const { Check, Watch } = contract as unknown as Record<
  'Check' | 'Watch',
  MethodDefinition<HealthRequest, Health>
>;

/** A client on a connection of its own; each call starts a watch. */
function watcher(address: string) {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = Watch;
  return (service = '', metadata = new Metadata()) =>
    client
      .makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service }, metadata)
      .on('error', () => {});
}

test.each(['', 'loms.order.v1.OrderService', 'loms.stock.v1.StockService'])(
  'the health of "%s" follows setServing, and is NOT_SERVING before the first call',
  async (service) => {
    const { client, setServing } = await startTestServer();
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'NOT_SERVING' } });
    setServing(true);
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'SERVING' } });
    setServing(false);
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'NOT_SERVING' } });
  },
);

test('the health of an unknown service is not found', async () => {
  const { client } = await startTestServer();
  expect(await ask(client, Check, { service: 'other' })).toMatchObject({ refused: { code: 5 } });
});

test('a health check needs no credentials', async () => {
  const authenticate = () => refused(fixedRefusals.credentialsMissing);
  const { client } = await startTestServer({ authenticate });
  expect(await ask(client, Check, { service: '' })).toEqual({ reply: { status: 'NOT_SERVING' } });
});

test('watches beyond the limit are refused until one of them ends', async () => {
  const { address } = await startTestServer({ limits: { watchesMax: 1 } });
  const watch = watcher(address);
  const first = watch();
  await once(first, 'data');
  await expect(once(watch(), 'data')).rejects.toMatchObject({ code: 8 });
  first.cancel();
  const isAccepted = () =>
    once(watch(), 'data').then(
      () => true,
      () => false,
    );
  await expect.poll(isAccepted).toBe(true);
});

test('the refusal of a watch has the trace id of the call', async () => {
  const { address } = await startTestServer({ limits: { watchesMax: 0 } });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-b7ad6b7169203331-01`);
  const error = await once(watcher(address)('', metadata), 'data').catch((error: ServiceError) => error);
  expect((error as ServiceError).metadata.get('traceparent')).toEqual([expect.stringContaining(traceId)]);
});

test('watches beyond those of one connection are refused, and others may watch', async () => {
  const { address } = await startTestServer({ limits: { streamsPerConnectionMax: 2 } });
  const [greedy, other] = [watcher(address), watcher(address)];
  await once(greedy(), 'data');
  await once(greedy(), 'data');
  await expect(once(greedy(), 'data')).rejects.toMatchObject({ code: 8 });
  await once(other(), 'data');
});

test('watches and reflection do not share a budget', async () => {
  const { address, client } = await startTestServer({ limits: { watchesMax: 1, reflectionsMax: 1 } });
  await once(watcher(address)(), 'data');
  const identity = (bytes: Buffer) => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const reflect = () => {
    const stream = client.makeBidiStreamRequest(path, identity, identity);
    stream.write(Buffer.of(0x3a, 0));
    return once(stream, 'data');
  };
  await reflect();
  await expect(reflect()).rejects.toMatchObject({ code: 8 });
});

test('of watches of unknown services, which are answered and stay open, nothing is kept', async () => {
  const setStatus = vi.spyOn(HealthImplementation.prototype, 'setStatus');
  onTestFinished(() => setStatus.mockRestore());
  const { address, setServing } = await startTestServer();
  const watch = watcher(address);
  for (let count = 0; count < 20; count++) {
    const unknown = watch(`other-${count}`);
    expect(await once(unknown, 'data')).toEqual([{ status: 'SERVICE_UNKNOWN' }]);
    unknown.cancel();
  }
  const unknown = watch('other');
  await once(unknown, 'data');
  await once(watch(), 'data');
  setServing(true);
  const library = setStatus.mock.contexts[0] as unknown as { readonly watchers: Map<string, unknown> };
  expect([...library.watchers.keys()]).toEqual(['']);
  expect(unknown.readableEnded).toBe(false);
});

test('the name of a service is not read when it is too long, since a watch would keep it', async () => {
  const { client } = await startTestServer();
  const { builtinMessageMaxBytes } = grpcLimits;
  const refusal = { refused: { code: 3, message: malformedRequest.message } };
  const tooLong = { service: 'x'.repeat(builtinMessageMaxBytes - 2) };
  expect(await ask(client, Watch, tooLong)).toMatchObject(refusal);
  expect(await ask(client, Check, tooLong)).toMatchObject(refusal);
  const longest = { service: 'x'.repeat(builtinMessageMaxBytes - 3) };
  expect(await ask(client, Check, longest)).toMatchObject({ refused: { code: 5 } });
});

test('a watch that has reached its age is ended with OK, and its client may open another', async () => {
  const clock = manualClock();
  const { address } = await startTestServer({ deadlines: new Deadlines(clock.now, clock.setTimer) });
  const watch = watcher(address);
  const old = watch();
  await once(old, 'data');
  const status = once(old, 'status');
  clock.moveTo(grpcLimits.streamAgeMs);
  expect(await status).toMatchObject([{ code: 0 }]);
  await once(watch(), 'data');
});

test('a watch receives the stop as NOT_SERVING and does not delay it', async () => {
  const { address, setServing, stop } = await startTestServer();
  setServing(true);
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = Watch;
  const watch = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const statuses: string[] = [];
  watch.on('data', ({ status }: Health) => statuses.push(status));
  const ended = once(watch, 'end');
  await once(watch, 'data');

  const before = performance.now();
  await stop(5_000);
  expect(performance.now() - before).toBeLessThan(2_500);
  await ended;
  expect(statuses).toEqual(['SERVING', 'NOT_SERVING']);
});
