/**
 * A rolling restart of two instances behind HAProxy, under load over REST and gRPC: no request may fail.
 * HAProxy runs with the example of deploy/haproxy, on other addresses.
 *
 *     make rolling-restart        needs haproxy: in PATH, or HAPROXY=path
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../test/support/client.ts';
import { grpcClient } from '../test/support/grpc-client.ts';
import { freePorts } from '../test/support/ports.ts';
import { asBuilt, type ServiceProcess, startProcess } from '../test/support/process.ts';
import { restClient } from '../test/support/rest-client.ts';
import { startTemporaryCluster } from '../test/support/temporary-cluster.ts';

const SKU = 1625903;
const LANES = 8;
/** The load before the first restart, between two, and after the last. */
const STEADY_MS = 3_000;
const READY_LIMIT_MS = 30_000;
/** As in the example, where both instances have the same ports. */
const ADDRESSES = { '192.0.2.11': '127.0.0.1', '192.0.2.12': '127.0.0.2' };

const haproxy = process.env.HAPROXY ?? 'haproxy';

/** Sends requests until it is ended, and counts them. */
class Load {
  readonly #client: Client;
  readonly failures: string[] = [];
  requests = 0;
  #isOver = false;
  readonly #lanes: Promise<void>[];

  constructor(client: Client) {
    this.#client = client;
    this.#lanes = Array.from({ length: LANES }, () => this.#run());
  }

  get figures(): string {
    return `${this.#client.transport}: ${this.requests} requests, ${this.failures.length} failed`;
  }

  async #run(): Promise<void> {
    const client = this.#client;
    while (!this.#isOver) {
      const isCreate = this.requests++ % 2 === 0;
      const answer = await (isCreate
        ? client.call('createOrder', { user: 1n, items: [{ sku: SKU, count: 1 }] })
        : client.call('getStock', { sku: SKU })
      ).catch((error: Error) => error);
      if (answer instanceof Error) this.failures.push(answer.message);
      // The stock ends, which is an answer.
      else if ('error' in answer && answer.error.code !== 9n) this.failures.push(answer.error.message);
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
    this.#client.close();
  }
}

/** Writes the example for these ports and starts HAProxy with it. Returns what ends it. */
async function startProxy(dir: string, ports: Record<string, number>): Promise<() => Promise<void>> {
  let text = await readFile('deploy/haproxy/haproxy.cfg', 'utf8');
  const changes = {
    'bind :8080': `bind 127.0.0.1:${ports.frontRest}`,
    'bind :50051': `bind 127.0.0.1:${ports.frontGrpc}`,
    ':8080': `:${ports.rest}`,
    ':50051': `:${ports.grpc}`,
    'port 8081': `port ${ports.probe}`,
    ...ADDRESSES,
  };
  for (const [from, to] of Object.entries(changes)) text = text.replaceAll(from, to);
  const file = join(dir, 'haproxy.cfg');
  await writeFile(file, text);
  const child = spawn(haproxy, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  return async () => {
    child.kill();
    await once(child, 'exit');
  };
}

async function untilReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while ((await fetch(url).catch(() => undefined))?.status !== 200) {
    if (performance.now() > deadlineMs) throw new Error(`${url} is not ready`);
    await sleep(50);
  }
}

async function main(): Promise<void> {
  if (spawnSync(haproxy, ['-v']).status !== 0) throw new Error('haproxy is not installed: set HAPROXY to it');
  const [rest = 0, grpc = 0, probe = 0, frontRest = 0, frontGrpc = 0] = await freePorts(5);
  const { cluster, dir, remove } = await startTemporaryCluster();
  const ports = { HTTP_PORT: String(rest), GRPC_PORT: String(grpc), PROBE_PORT: String(probe) };
  const start = async (host: string): Promise<ServiceProcess> => {
    const urls = { DATABASE_URL: cluster.primaryUrl, DATABASE_REPLICA_URLS: cluster.replicaUrls.join(',') };
    const settings = { ...ports, ...urls, SEED_ON_START: 'true', SHUTDOWN_DELAY_MS: '5000' };
    const service = await startProcess({ ...settings, HTTP_HOST: host, GRPC_HOST: host }, { args: asBuilt });
    await untilReady(`http://${host}:${probe}/readyz`);
    return service;
  };
  const hosts = Object.values(ADDRESSES);
  const services: ServiceProcess[] = [];
  const loads: Load[] = [];
  const ends = [remove];
  try {
    for (const host of hosts) services.push(await start(host));
    ends.push(await startProxy(dir, { rest, grpc, probe, frontRest, frontGrpc }));
    await sleep(STEADY_MS);
    for (const client of [restClient(frontRest), grpcClient(frontGrpc)]) loads.push(new Load(client));
    for (const [index, host] of hosts.entries()) {
      await sleep(STEADY_MS);
      await services[index]?.end();
      services[index] = await start(host);
    }
    await sleep(STEADY_MS);
  } finally {
    await Promise.all(loads.map((load) => load.end()));
    await Promise.all(services.map((service) => service.end()));
    for (const end of ends.reverse()) await end();
  }
  for (const { figures, failures } of loads) console.log([figures, ...failures.slice(0, 5)].join('\n  '));
  if (loads.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

await main();
