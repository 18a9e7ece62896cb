/** Failover of a whole process under load: the primary is killed, the replica is promoted. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeStatus } from '../../src/db/cluster/node.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { seed } from '../../src/db/schema/seed.ts';
import type { Client } from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';
import { query } from '../support/query.ts';
import { quiet } from '../support/quiet.ts';
import { startTemporaryCluster, type TemporaryCluster } from '../support/temporary-cluster.ts';

const SKU = 1076963;
const LANES = 16;
const RECOVERY_MAX_MS = 5_000;

let temporary: TemporaryCluster;
let service: ServiceProcess | undefined;

beforeEach(async () => {
  temporary = await startTemporaryCluster();
});

afterEach(async () => {
  await service?.end('SIGKILL');
  service = undefined;
  await temporary?.remove();
});

/** Both nodes in one URL, the replica first. */
function bothHosts(): string {
  const { primaryUrl, replicaUrls } = temporary.cluster;
  const { host } = new URL(primaryUrl);
  return (replicaUrls[0] ?? '').replace('/loms', `,${host}/loms`);
}

async function readyz(process: ServiceProcess) {
  const answer = await fetch(`http://127.0.0.1:${process.ports.REST}/readyz`);
  const body = (await answer.json()) as { details: { writable: boolean; nodes: NodeStatus[] } };
  return { status: answer.status, ...body.details };
}

/** Creates orders in many lanes until it is ended. */
class Load {
  readonly acknowledged: bigint[] = [];
  readonly refusals = new Set<string>();
  #isOver = false;
  readonly #lanes: Promise<void>[];

  constructor(clients: readonly Client[]) {
    this.#lanes = Array.from({ length: LANES }, (_, lane) =>
      this.#run(clients[lane % clients.length] as Client),
    );
  }

  async #run(client: Client): Promise<void> {
    while (!this.#isOver) {
      const answer = await client.call('createOrder', { user: 1n, items: [{ sku: SKU, count: 1 }] });
      if ('reply' in answer) this.acknowledged.push(answer.reply.orderID);
      else this.refusals.add(String(answer.error.details[0]?.reason));
    }
  }

  /** Waits until this many more orders are acknowledged. */
  async more(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    await expect.poll(() => this.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(goal);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
  }
}

/** The ids on a page of all orders, and the token of the next one. */
async function readPage(client: Client, pageToken = '') {
  const answer = await client.call('listOrders', { user: 1n, pageSize: 100, pageToken });
  if ('error' in answer) throw new Error(answer.error.message);
  return { ids: answer.reply.orders.map(({ orderID }) => orderID), next: answer.reply.nextPageToken };
}

test('under load a promoted replica takes over: no order is lost, and a list goes on', async () => {
  const { cluster } = temporary;
  const [newUrl = ''] = cluster.replicaUrls;
  await migrate(cluster.primaryUrl, quiet);
  await query(cluster.primaryUrl, `INSERT INTO stocks VALUES (${SKU}, 100000000, 0)`);
  service = await startProcess({ DATABASE_URL: bothHosts() });
  const clients = openClients(service.ports);
  const load = new Load(clients);
  await load.more(500);
  const before = [...load.acknowledged];
  const first = await readPage(clients[0]);

  await cluster.stopPrimary('immediate');
  await cluster.promoteReplica();
  const promotedMs = performance.now();
  await load.more(500);
  const recoveredMs = performance.now() - promotedMs;
  expect(recoveredMs).toBeLessThan(RECOVERY_MAX_MS);
  const listed = [...first.ids];
  for (let token = first.next; token !== undefined; ) {
    const page = await readPage(clients[1], token);
    listed.push(...page.ids);
    token = page.next;
  }

  await cluster.startPrimary();
  await expect
    .poll(async () => (await readyz(service as ServiceProcess)).nodes)
    .toMatchObject([
      { role: 'primary', timeline: 2, healthy: true },
      { role: 'primary', timeline: 1, healthy: false, reason: 'old primary' },
    ]);
  await load.more(500);
  await load.end();

  const ids = async (url: string) =>
    new Set((await query(url, 'SELECT order_id FROM orders')).map((row) => BigInt(String(row.order_id))));
  const [kept, old] = [await ids(newUrl), await ids(cluster.primaryUrl)];
  expect(load.acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect(new Set(load.acknowledged).size).toBe(load.acknowledged.length);
  expect(load.acknowledged.slice(-400).filter((id) => old.has(id))).toEqual([]);
  expect(before.filter((id) => !listed.includes(id))).toEqual([]);
  expect(listed).toEqual([...new Set(listed)].sort((a, b) => (a < b ? 1 : -1)));
  expect(listed.filter((id) => !kept.has(id))).toEqual([]);
  const audit = 'SELECT reserved, (SELECT sum(count) FROM order_lines) AS held FROM stocks';
  const [row] = await query(newUrl, audit);
  expect(row?.reserved).toBe(row?.held);
  expect(
    [...load.refusals].filter((reason) => !['DATABASE_UNAVAILABLE', 'OUTCOME_UNKNOWN'].includes(reason)),
  ).toEqual([]);
});

test('without a primary a service is alive and not ready, until one is promoted', async () => {
  const { cluster } = temporary;
  await migrate(cluster.primaryUrl, quiet);
  await seed(cluster.primaryUrl, 'development', quiet);
  await cluster.stopPrimary('immediate');
  const settings = { MIGRATE_ON_START: 'false', NODE_CHECK_INTERVAL_MS: '50' };
  service = await startProcess({ DATABASE_URL: bothHosts(), ...settings });
  const { status, nodes, writable } = await readyz(service);
  expect([status, writable]).toEqual([503, false]);
  expect(nodes).toMatchObject([
    { role: 'replica', timeline: 1, healthy: false, reason: 'no primary' },
    { role: 'unknown', timeline: 0, healthy: false, reason: 'not reachable' },
  ]);
  await cluster.promoteReplica();
  await expect.poll(async () => (await readyz(service as ServiceProcess)).status).toBe(200);
});

test('a start that has to migrate waits for a primary', async () => {
  const { cluster } = temporary;
  await cluster.stopPrimary('immediate');
  const starting = startProcess({ DATABASE_URL: bothHosts() });
  const [replicaUrl = ''] = cluster.replicaUrls;
  const sessions = "SELECT FROM pg_stat_activity WHERE application_name = 'loms'";
  await expect.poll(() => query(replicaUrl, sessions), { timeout: 20_000 }).toHaveLength(1);
  await cluster.promoteReplica();
  service = await starting;
  expect(await readyz(service)).toMatchObject({ status: 200, writable: true, migrated: true });
});

test('without a replica a start succeeds and reads are answered, also after migration and seed', async () => {
  const { cluster } = temporary;
  await query(cluster.primaryUrl, await readFile('db/roles.sql', 'utf8'));
  await query(cluster.primaryUrl, "CREATE ROLE app LOGIN PASSWORD 'app' IN ROLE loms_app");
  await migrate(cluster.primaryUrl, quiet);
  await seed(cluster.primaryUrl, 'development', quiet);
  await cluster.stopReplica();
  service = await startProcess({
    DATABASE_URL: bothHosts().replace(/\/\/[^@]+@/, '//app:app@'),
    MIGRATION_DATABASE_URL: cluster.primaryUrl,
    SEED_ON_START: 'true',
  });
  const [reader] = openClients(service.ports);
  expect(await reader.call('getStock', { sku: SKU })).toEqual({ reply: { count: 265n } });
  expect(await readyz(service)).toMatchObject({ status: 200, writable: false });
});

test('without the primary the service stays ready for reads and reports no writes', async () => {
  const { cluster } = temporary;
  await migrate(cluster.primaryUrl, quiet);
  await seed(cluster.primaryUrl, 'development', quiet);
  service = await startProcess({ DATABASE_URL: bothHosts(), NODE_CHECK_INTERVAL_MS: '50' });
  await expect.poll(async () => (await readyz(service as ServiceProcess)).nodes[0]?.healthy).toBe(true);
  await cluster.stopPrimary('immediate');
  await expect.poll(async () => (await readyz(service as ServiceProcess)).writable).toBe(false);
  expect(await readyz(service)).toMatchObject({
    status: 200,
    nodes: [{ healthy: true }, { healthy: false }],
  });
  const [reader] = openClients(service.ports);
  expect(await reader.call('getStock', { sku: SKU })).toEqual({ reply: { count: 265n } });
});
