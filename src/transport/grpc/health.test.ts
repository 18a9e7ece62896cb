/** What health checks hear, and who watches them. */
import { once } from 'node:events';
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { service as contract } from 'grpc-health-check';
import { expect, onTestFinished, test } from 'vitest';
import { ask, startTestServer } from '../../../test/support/grpc-server.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';

interface Asked {
  readonly service: string;
}

interface Health {
  readonly status: string;
}

const { Check, Watch } = contract as unknown as Record<'Check' | 'Watch', MethodDefinition<Asked, Health>>;

test.each(['', 'loms.order.v1.OrderService', 'loms.stock.v1.StockService'])(
  'the health of "%s" is what the server was told, and not serving before it was told anything',
  async (service) => {
    const { client, setServing } = await startTestServer();
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'NOT_SERVING' } });
    setServing(true);
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'SERVING' } });
    setServing(false);
    expect(await ask(client, Check, { service })).toEqual({ reply: { status: 'NOT_SERVING' } });
  },
);

test('the health of a service that is not ours is not found', async () => {
  const { client } = await startTestServer();
  expect(await ask(client, Check, { service: 'other' })).toMatchObject({ refused: { code: 5 } });
});

test('it is open also where callers are known', async () => {
  const authenticate = () => refused(fixedRefusals.credentialsMissing);
  const { client } = await startTestServer({ authenticate });
  expect(await ask(client, Check, { service: '' })).toEqual({ reply: { status: 'NOT_SERVING' } });
});

test('watchers past their number are refused, until one of them goes', async () => {
  const { address } = await startTestServer({ limits: { streamsMax: 1 } });
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = Watch;
  const watch = () =>
    client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const first = watch();
  await once(first, 'data');
  await expect(once(watch(), 'data')).rejects.toMatchObject({ code: 8 });
  first.on('error', () => {}).cancel();
  const isTaken = () =>
    once(watch(), 'data').then(
      () => true,
      () => false,
    );
  await expect.poll(isTaken).toBe(true);
});

test('whoever watches hears of the stop, and does not hold it up', async () => {
  const { address, setServing, stop } = await startTestServer();
  setServing(true);
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = Watch;
  const watch = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const heard: string[] = [];
  watch.on('data', ({ status }: Health) => heard.push(status));
  const ended = once(watch, 'end');
  await once(watch, 'data');

  const before = performance.now();
  await stop(5_000);
  expect(performance.now() - before).toBeLessThan(2_500);
  await ended;
  expect(heard).toEqual(['SERVING', 'NOT_SERVING']);
});
