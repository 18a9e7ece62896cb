/** The stage of a run: servers, relays and service for one fault, removed in any case. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { run } from '../../src/embedded/command.ts';
import { freePorts } from '../../test/support/ports.ts';
import { query } from '../../test/support/query.ts';
import { type Relay, startRelay } from '../../test/support/relay.ts';
import { recordInitialStocks } from '../lib/ledger-audit.ts';
import { WallClock } from './clock.ts';
import { mountSmallDisk } from './disk.ts';
import type { Fault } from './faults/fault.ts';

import type { Postgres, Template } from './servers.ts';
import { Service } from './service.ts';
import { statements } from './statements.ts';
import { initialStock } from './stock.ts';

export interface Stage {
  readonly primary: Postgres;
  readonly replica: Postgres;
  readonly relays: Readonly<Record<'primary' | 'replica' | 'wal', Relay>>;
  readonly services: readonly Service[];
  readonly clocks: readonly WallClock[];
  readonly primaryFolder: string;
  clear(): Promise<void>;
}

export interface StageOptions {
  readonly template: Template;
  readonly fault: Fault;
  /** Node's arguments to run the service. */
  readonly serviceArgs: readonly string[];
}

/** Short, so that runs are short. The longest deadline of callers is in the workload's normal behaviour. */
const settings = {
  REQUEST_TIMEOUT_MS: '5000',
  WRITE_TIMEOUT_MS: '2000',
  READ_TIMEOUT_MS: '1000',
  CONNECT_TIMEOUT_MS: '1000',
  NODE_CHECK_INTERVAL_MS: '250',
  SHUTDOWN_TIMEOUT_MS: '6000',
  MIGRATE_ON_START: 'false',
};

/** Those of REST, gRPC and the probes. */
const PORTS_PER_SERVICE = 3;

/** Sets the stage. When that fails, what was started is stopped. */
export async function setStage({ template, fault, serviceArgs }: StageOptions): Promise<Stage> {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  const clear = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const folder = join(template.place.home, 'run');
    const logs = join(folder, 'log');
    const primaryFolder = join(folder, 'disk');
    await mkdir(primaryFolder, { recursive: true });
    closers.push(() => removeFolder(folder));
    if (fault.smallDisk) closers.push(await mountSmallDisk(primaryFolder));

    const ports = await freePorts(2 + PORTS_PER_SERVICE * (fault.services ?? 1));
    const [primaryPort = 0, replicaPort = 0, ...servicePorts] = ports;
    const primary = await template.startPrimary(primaryFolder, logs, primaryPort);
    closers.push(() => primary.stop());
    const relays = {
      primary: await startRelay(primaryPort),
      replica: await startRelay(replicaPort),
      wal: await startRelay(primaryPort),
    };
    closers.push(() => Object.values(relays).map((relay) => relay.close()));
    const through = relays.wal.port;
    const replica = await template.startReplica(folder, logs, { port: replicaPort, primaryPort, through });
    closers.push(() => replica.stop());
    await fillStock(primary.url);

    const database = databaseSettings(primary.url, relays);
    const services: Service[] = [];
    const clocks: WallClock[] = [];
    for (let index = 0; index < servicePorts.length; index += PORTS_PER_SERVICE) {
      const [REST = 0, gRPC = 0, probe = 0] = servicePorts.slice(index);
      const clock = new WallClock(join(folder, `clock-${index}`));
      await clock.setAhead(0);
      clocks.push(clock);
      const environment = { ...settings, ...database, ...(fault.ownClocks ? clock.settings : {}) };
      const service = new Service(serviceArgs, { REST, gRPC, probe }, environment);
      closers.push(() => service.close());
      services.push(service);
    }
    await Promise.all(services.map((service) => service.start()));
    return { primary, replica, relays, services, clocks, primaryFolder, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** The URL of both servers, which the service reaches through the relays. */
function databaseSettings(url: string, { primary, replica }: Stage['relays']): Record<string, string> {
  const { username, password, pathname } = new URL(url);
  const hosts = `127.0.0.1:${primary.port},127.0.0.1:${replica.port}`;
  return { DATABASE_URL: `postgres://${username}:${password}@${hosts}${pathname}` };
}

async function fillStock(url: string): Promise<void> {
  const values = [[...initialStock.keys()], [...initialStock.values()]];
  await query(url, statements.stockInsert, values);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await recordInitialStocks(client);
  } finally {
    await client.end();
  }
}

async function removeFolder(folder: string): Promise<void> {
  await run('rm', ['-rf', '--', folder]);
}
