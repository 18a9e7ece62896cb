/** The service as users run it: whole processes, several on one database, stopped by a signal. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { credentials, Client as GrpcClient, type MethodDefinition } from '@grpc/grpc-js';
import { service as healthContract } from 'grpc-health-check';
import { afterEach, expect, test } from 'vitest';
import type { Answer, Client } from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { useDatabase } from '../support/database.ts';
import { ask } from '../support/grpc-server.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';
import { rawConnection } from '../support/raw-http.ts';

const database = useDatabase();
let running: ServiceProcess[] = [];

afterEach(async () => {
  await Promise.all(running.map((service) => service.end('SIGKILL')));
  running = [];
});

async function start(more: Record<string, string> = {}): Promise<ServiceProcess> {
  const settings = {
    DATABASE_URL: database.primaryUrl,
    DATABASE_REPLICA_URLS: database.replicaUrls.join(','),
    ...more,
  };
  const service = await startProcess(settings);
  running.push(service);
  return service;
}

/** What a gRPC health check of the whole server answers. */
async function healthOf(port: number): Promise<string> {
  const client = new GrpcClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const method = healthContract.Check as unknown as MethodDefinition<object, { status: string }>;
  const answer = await ask(client, method, { service: '' });
  client.close();
  return 'reply' in answer ? answer.reply.status : answer.refused.message;
}

const create = (client: Client, sku: number) =>
  client.call('createOrder', { user: 1n, items: [{ sku, count: 1 }] });
const outcomeOf = (answer: Answer) => ('reply' in answer ? 'OK' : String(answer.error.code));

test('200 creates at once of 50 pieces, in two processes: 50 succeed, 150 are refused', async () => {
  await database.query('INSERT INTO stocks VALUES (7, 60, 10)');
  const [one, two] = await Promise.all([start(), start()]);
  const clients = [...openClients(one.ports), ...openClients(two.ports)];
  const orders = Array.from({ length: 200 }, (_, index) => create(clients[index % 4] as Client, 7));
  const outcomes = (await Promise.all(orders)).map(outcomeOf);
  expect(outcomes.filter((outcome) => outcome === 'OK')).toHaveLength(50);
  expect(outcomes.filter((outcome) => outcome === '9')).toHaveLength(150);
  for (const client of clients)
    expect(await client.call('getStock', { sku: 7 })).toEqual({ reply: { count: 0n } });
});

test('a key sent to two processes over both transports at once makes one order', async () => {
  await database.query('INSERT INTO stocks VALUES (9, 100, 0)');
  const [one, two] = await Promise.all([start(), start()]);
  const clients = [...openClients(one.ports), ...openClients(two.ports)];
  const request = { user: 1n, items: [{ sku: 9, count: 1 }] };
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (clients[index % 4] as Client).call('createOrder', request, { keys: [`key ${index % 5}`] }),
    ),
  );
  const orders = answers.map((answer) => ('reply' in answer ? answer.reply.orderID : 0n));
  expect(new Set(orders).size).toBe(5);
  for (let key = 0; key < 5; key++) {
    const answered = answers.filter((_, index) => index % 5 === key);
    expect(answered.filter((answer) => !answer.replayed)).toHaveLength(1);
    expect(new Set(orders.filter((_, index) => index % 5 === key)).size).toBe(1);
  }
  expect(await clients[0]?.call('getStock', { sku: 9 })).toEqual({ reply: { count: 95n } });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s under load: every accepted request is answered, and the exit is clean',
  async (signal) => {
    await database.query('INSERT INTO stocks VALUES (8, 1000000, 0) ON CONFLICT DO NOTHING');
    const service = await start();
    const clients = openClients(service.ports);
    const acknowledged: bigint[] = [];
    const refusals: string[] = [];
    let stopping = false;
    const lane = async (client: Client) => {
      for (;;) {
        const answer = await create(client, 8).catch((error: Error) => error);
        if (answer instanceof Error) return stopping;
        if ('reply' in answer) acknowledged.push(answer.reply.orderID);
        else refusals.push(String(answer.error.details[0]?.reason));
        if (stopping && !('reply' in answer)) return true;
      }
    };
    const lanes = Array.from({ length: 16 }, (_, index) => lane(clients[index % 2] as Client));
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(200);
    stopping = true;
    expect(await service.end(signal)).toMatchObject({ code: 0 });
    expect(new Set(await Promise.all(lanes))).toEqual(new Set([true]));
    expect(refusals.filter((reason) => reason !== 'SHUTTING_DOWN')).toEqual([]);
    expect(service.log.at(-1)).toMatchObject({ msg: 'stopped' });

    // Every written order is acknowledged, and every acknowledged order is written.
    const written = await database.query('SELECT order_id FROM order_lines WHERE sku = 8 ORDER BY order_id');
    expect(acknowledged.sort((a, b) => Number(a - b)).map(String)).toEqual(
      written.map((row) => row.order_id),
    );
    await database.query('TRUNCATE order_lines, orders');
  },
);

test.each(['SIGHUP', 'SIGQUIT'] as const)('%s stops the service in order', async (signal) => {
  const service = await start();
  expect(await service.end(signal)).toMatchObject({ code: 0 });
  expect(service.log.at(-1)).toMatchObject({ msg: 'stopped' });
});

test('a stop with a delay is visible before the service refuses anything', async () => {
  await database.query('INSERT INTO stocks VALUES (10, 1000000, 0)');
  const service = await start({
    SHUTDOWN_DELAY_MS: '5000',
    PROBE_PORT: '0',
    KEEP_ALIVE_TIMEOUT_MS: '620000',
  });
  const probes = String(service.log.find(({ msg }) => msg === 'loms listens')?.probes);
  const rest = `http://127.0.0.1:${service.ports.REST}`;
  const statusOf = async (url: string) => (await fetch(url)).status;
  expect([await statusOf(`${probes}/livez`), await statusOf(`${probes}/readyz`)]).toEqual([200, 200]);
  const clients = openClients(service.ports);
  expect((await fetch(`${rest}/livez`)).headers.get('keep-alive')).toBe('timeout=620');

  const ended = service.end('SIGTERM');
  for (const base of [rest, probes]) await expect.poll(() => statusOf(`${base}/readyz`)).toBe(503);
  expect(await statusOf(`${probes}/livez`)).toBe(200);
  expect(await healthOf(service.ports.gRPC)).toBe('NOT_SERVING');
  for (const client of clients) expect(await create(client, 10)).toHaveProperty('reply');
  const { headers } = await fetch(`${rest}/stock/info/10`);
  expect(headers.get('connection')).toBe('close');
  expect(await ended).toMatchObject({ code: 0 });
});

test('a service that may not migrate is alive but not ready until the database is migrated', async () => {
  const [row] = await database.query(`
    DELETE FROM schema_migrations
    WHERE version = (SELECT max(version) FROM schema_migrations) RETURNING version`);
  const settings = {
    DATABASE_URL: database.primaryUrl,
    MIGRATE_ON_START: 'false',
    NODE_CHECK_INTERVAL_MS: '50',
  };
  const service = await startProcess(settings);
  running.push(service);
  const status = async (path: string) =>
    (await fetch(`http://127.0.0.1:${service.ports.REST}${path}`)).status;
  expect([await status('/livez'), await status('/readyz')]).toEqual([200, 503]);
  await database.query('INSERT INTO schema_migrations VALUES ($1)', [row?.version]);
  await expect.poll(() => status('/readyz'), { timeout: 5_000 }).toBe(200);
});

test('a port in use ends the start before the database is used, in one line with its variable', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const DATABASE_URL = 'postgres://127.0.0.1:1/loms';
  const start = startProcess({ DATABASE_URL, HTTP_PORT: String(port) });
  const error: Error = await start.catch((thrown) => thrown);
  holder.close();
  // The lines of the start itself come before it, and depend on the version of Node.js.
  const lines = error.message.split('\n').filter((line) => line.startsWith('{') && !line.includes('"node":'));
  const msg = `loms could not start: port ${port} on 127.0.0.1 is in use: set HTTP_PORT to another port`;
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 60, msg }]);
  expect(lines.join()).not.toContain('stack');
});

test('open access to other machines is logged, and other hosts are refused', async () => {
  const settings = { HTTP_HOST: '0.0.0.0', AUTH: 'none', ALLOWED_HOSTS: 'loms.test' };
  const service = await startProcess({ DATABASE_URL: database.primaryUrl, ...settings });
  running.push(service);
  const statusFor = async (host: string) => {
    const { socket, until } = await rawConnection(service.ports.REST);
    socket.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const status = (await until(/\}/)).slice(9, 12);
    socket.destroy();
    return status;
  };
  expect(await statusFor('loms.test')).toBe('200');
  expect(await statusFor('evil.example')).toBe('403');
  const warnings = service.log.filter(({ level }) => level === 40).map(({ msg }) => msg);
  expect(warnings).toContain('access is open to other machines: AUTH is none');
});

test('a configuration with errors ends the start and lists all of them', async () => {
  const start = startProcess({ HTTP_PORT: 'http', DATABASE_URL: 'loms' });
  await expect(start).rejects.toThrow(/HTTP_PORT: must be .*\n.*DATABASE_URL: must be/);
});
