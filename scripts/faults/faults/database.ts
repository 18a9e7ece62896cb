/** Faults in the database: sessions terminated, locks held, connections or disk exhausted, schema changed. */
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../../src/db/schema/migrate.ts';
import { query } from '../../../test/support/query.ts';
import { quiet } from '../../../test/support/quiet.ts';
import { diskObstacle } from '../disk.ts';
import { statements } from '../statements.ts';
import { type Fault, type FaultContext, failedWrites } from './fault.ts';

const TERMINATIONS = 25;
const CANCELLATIONS = 200;
const TERMINATE_ALL =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loms'";
const PLACES = 1_000;

export const backendTerminate: Fault = {
  kind: 'backend-terminate',
  what: 'pg_terminate_backend on random sessions of the service, 25 times, on both servers',
  async inject(context) {
    const { primary, replica, random } = context;
    let ended = 0;
    for (let left = TERMINATIONS; left > 0; left--) {
      const { url } = random.chance(0.7) ? primary : replica;
      ended += (await query(url, statements.sessionSignal, [random.between(0, PLACES), 'terminate'])).length;
      await context.pause(random.between(0, 80));
    }
    if (ended < TERMINATIONS / 2)
      throw new Error(`the fault had no effect: ${ended} sessions were terminated`);
  },
};

export const backendCancel: Fault = {
  kind: 'backend-cancel',
  what: 'pg_cancel_backend on random sessions of the primary, 200 times: in BEGIN, a statement or COMMIT',
  hadEffect: failedWrites,
  async inject({ primary, random, pause }) {
    const client = await connect(primary.url);
    try {
      for (let left = CANCELLATIONS; left > 0; left--) {
        await client.query(statements.sessionSignal, [random.between(0, PLACES), 'cancel']);
        await pause(random.between(0, 10));
      }
    } finally {
      await client.end();
    }
  },
};

/** Longer than the service waits for a lock. */
const LOCKED_MS = 1_400;
const LOCK_ATTEMPTS_MAX = 10;
const DEADLOCK = '40P01';

export const poolExhausted: Fault = {
  kind: 'pool-exhausted',
  what: 'locks on all tables of the service for 1.4 seconds, so that every connection of the service waits',
  hadEffect: failedWrites,
  async inject({ primary, pause }) {
    const client = await connect(primary.url);
    try {
      await lockAll(client);
      await pause(LOCKED_MS);
      await client.query('ROLLBACK');
    } finally {
      await client.end();
    }
  },
};

/**
 * Locking all tables now and then deadlocks with a transaction that holds some of them: then it is repeated.
 */
async function lockAll(client: pg.Client): Promise<void> {
  for (let left = LOCK_ATTEMPTS_MAX; ; left--) {
    await client.query('BEGIN');
    try {
      await client.query('LOCK TABLE idempotency_keys, orders, order_lines, stocks IN ACCESS EXCLUSIVE MODE');
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      if ((error as { code?: string }).code !== DEADLOCK || left === 1) throw error;
    }
  }
}

const EXHAUSTED_MS = 1_500;

export const connectionsExhausted: Fault = {
  kind: 'connections-exhausted',
  what: 'all sessions of the service terminated, all connections taken by others for 1.5 seconds',
  async inject(context) {
    const { primary, history } = context;
    const clients: pg.Client[] = [];
    const takeAll = async () => {
      for (;;) {
        const client = await connect(primary.url).catch(() => undefined);
        if (client === undefined) return;
        clients.push(client);
      }
    };
    try {
      await takeAll();
      const endMs = history.now() + EXHAUSTED_MS;
      await clients[0]?.query(TERMINATE_ALL);
      while (history.now() < endMs) {
        await takeAll();
        await context.pause(10);
      }
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  },
};

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const BALLAST = 'ballast';
const BALLAST_CHUNK = Buffer.alloc(1024 * 1024);
const FULL_MS = 1_500;
/** What a server without space writes to its log. */
const NO_SPACE = 'No space left on device';
/** More WAL than its existing files can hold. */
const WRITE_WAL = "SELECT pg_logical_emit_message(false, 'faults', repeat('x', 40000000))";

export const diskFull: Fault = {
  kind: 'disk-full',
  what: 'the disk of the primary full for 1.5 seconds; in half of the runs it cannot write WAL and stops',
  smallDisk: true,
  obstacle: diskObstacle,
  hadEffect: failedWrites,
  async inject(context) {
    const { primary, primaryFolder, random } = context;
    await fill(join(primaryFolder, BALLAST));
    await context.pause(random.between(0, 500));
    if (random.chance(0.5)) await query(primary.url, WRITE_WAL).catch(() => {});
    await context.pause(FULL_MS);
  },
  async heal({ primary, primaryFolder }) {
    const log = await readFile(primary.logFile, 'utf8');
    if (!log.includes(NO_SPACE)) throw new Error('the fault had no effect: the server had enough space');
    await rm(join(primaryFolder, BALLAST), { force: true });
    const answers = await query(primary.url, 'SELECT 1').then(
      () => true,
      () => false,
    );
    if (answers) return;
    await primary.stop();
    await primary.start();
  },
};

/** Writes until the disk is full. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(BALLAST_CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

const SCHEMA_CHANGES = [
  'CREATE INDEX orders_by_user ON orders (user_id)',
  'CREATE INDEX CONCURRENTLY order_lines_by_sku ON order_lines (sku)',
  'ALTER TABLE orders ADD COLUMN note text',
  'DROP INDEX orders_by_user',
  'VACUUM FULL order_lines',
];

export const migration: Fault = {
  kind: 'migration',
  what: 'schema changes under load: indexes, a new column, a table rewritten; and an empty migration',
  async inject(context) {
    const { primary } = context;
    // Like every instance that starts meanwhile.
    await migrate(primary.url, quiet);
    for (const change of SCHEMA_CHANGES) {
      await query(primary.url, change);
      await context.pause(context.random.between(50, 300));
    }
  },
};

/** No fault, for comparison. */
export const nothing: Fault = {
  kind: 'nothing',
  what: 'no fault',
  graceful: true,
  behaviour: { duplicateShare: 0 },
  inject: (context: FaultContext) => context.pause(FULL_MS),
};
