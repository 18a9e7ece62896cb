/** The example of a sink against a real NATS server: nothing is lost, twice or out of order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { tailOf } from '../support/process.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { root } from '../support/root.ts';
import { useService } from '../support/service.ts';
import { createNatsServer, type NatsServer } from './server.ts';

/** Longer than any test: what is delayed by it never arrives. */
const NEVER_MS = 10 * 60_000;
const POLL = { timeout: 30_000 };

const { database, service } = useService();
let server: NatsServer;
let relay: Relay;

beforeAll(async () => {
  server = await createNatsServer();
  await server.start();
  await database.query('INSERT INTO stocks VALUES (7, 100000, 0)');
});

beforeEach(async () => {
  relay = await startRelay(server.port);
  onTestFinished(() => relay.close());
});

afterAll(() => server?.remove());

interface Sink {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  errors(): string;
}

function startSink(natsPort = relay.port): Sink {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/nats-sink.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      LOMS_URL: `http://127.0.0.1:${service.app.httpPort}`,
      NATS_URL: `127.0.0.1:${natsPort}`,
    },
  });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, exited, errors: tailOf(child.stderr as NonNullable<typeof child.stderr>) };
}

async function killSink({ child, exited }: Sink): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}

let orders = 0;

async function createOrders(count: number): Promise<void> {
  const request = { user: 9_007_199_254_740_993n, items: [{ sku: 7, count: 1 }] };
  const creates = Array.from({ length: count }, () => service.rest.call('createOrder', request));
  for (const answer of await Promise.all(creates)) expect(answer).toHaveProperty('reply');
  orders += count;
}

async function withNats<Result>(use: (nats: NatsConnection) => Promise<Result>): Promise<Result> {
  const nats = await connect({ servers: `127.0.0.1:${server.port}` });
  try {
    return await use(nats);
  } finally {
    await nats.close();
  }
}

/** How many messages the stream has; 0 before it is created. */
const stored = () =>
  withNats(async (nats) => {
    const { streams } = await jetstreamManager(nats);
    const info = await streams.info('LOMS').catch(() => undefined);
    return info?.state.messages ?? 0;
  });

/** Waits until the stream has all events, and checks that each is there once and in order. */
async function expectAll(): Promise<void> {
  await expect.poll(stored, POLL).toBeGreaterThanOrEqual(orders);
  const messages = await withNats(async (nats) => {
    const { streams } = await jetstreamManager(nats);
    const { state } = await streams.info('LOMS');
    const all: StoredMsg[] = [];
    for (let seq = 1; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage('LOMS', { seq });
      if (message !== null) all.push(message);
    }
    return all;
  });
  const sequences = messages.map(({ header }) => Number(header.get('Loms-Sequence')));
  expect(sequences).toEqual(Array.from({ length: orders }, (_, index) => index + 1));
  expect(new Set(messages.map(({ header }) => header.get('Nats-Msg-Id'))).size).toBe(orders);
  const [first] = messages;
  expect(first?.subject).toBe('loms.order.created.v1');
  expect(first?.string()).toContain('"user":9007199254740993,');
}

test('a sink that is killed before the confirmation loses nothing and repeats nothing', async () => {
  await createOrders(5);
  const killed = startSink();
  await expect.poll(stored, POLL).toBe(5);
  // From now on no confirmation arrives.
  relay.delayMs = NEVER_MS;
  await createOrders(5);
  await expect.poll(stored, POLL).toBeGreaterThan(5);
  await killSink(killed);
  const next = startSink(server.port);
  await expectAll();
  await killSink(next);
});

test('what a killed sink has sent and NATS gets later is stored once', async () => {
  const killed = startSink();
  await createOrders(1);
  await expect.poll(stored, POLL).toBe(orders);
  relay.silent = true;
  await createOrders(5);
  // An event, and no more: the sink waits for its confirmation.
  await expect.poll(() => relay.heldBytes, POLL).toBeGreaterThan(500);
  await killSink(killed);
  // The next one stores the same events first.
  const next = startSink(server.port);
  await expect.poll(stored, POLL).toBe(orders);
  relay.silent = false;
  await createOrders(5);
  await expectAll();
  await killSink(next);
});

test('a sink that is killed within a page goes on within it', async () => {
  const before = orders;
  await createOrders(500);
  // One byte at a time: the connection is cut long before the page has passed.
  relay.sliced = true;
  const killed = startSink();
  await expect.poll(stored, { ...POLL, interval: 5 }).toBeGreaterThan(before);
  relay.reset();
  await killSink(killed);
  expect(await stored()).toBeLessThan(orders);
  const next = startSink(server.port);
  await expectAll();
  await killSink(next);
});

test('two sinks at once store each event once', async () => {
  const sinks = [startSink(server.port), startSink(server.port)];
  await createOrders(30);
  await expectAll();
  await Promise.all(sinks.map(killSink));
});

test('a NATS server that is killed and returns loses nothing', async () => {
  const failed = startSink(server.port);
  await createOrders(5);
  await expect.poll(stored, POLL).toBe(orders);
  await server.kill();
  await createOrders(5);
  await server.start();
  await killSink(failed);
  startSink(server.port);
  await expectAll();
});
