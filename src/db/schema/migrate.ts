/** Applies migrations, and the rights that the service's role needs after them. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import {
  applicationRoleExists,
  beginMigration,
  commitMigration,
  createVersionTable,
  type IMigrationLockHolderResult,
  limitLockWait,
  migrationLockHolder,
  migrationTryLock,
  migrationUnlock,
  oldestTransaction,
  recordVersion,
  rollbackMigration,
} from '../../generated/sql/migrations.ts';
import { monotonicMs } from '../../timing/clock.ts';
import { DatabaseUnavailable, sqlStateOf } from '../errors.ts';
import type { Queryable } from '../types.ts';
import { type WaitOptions, withClient } from './client.ts';
import type { Migration } from './migrations.ts';
import { isNewer, missingMigrations } from './version.ts';

const grantsFile = fileURLToPath(new URL('../../../db/grants.sql', import.meta.url));

/** The number of the advisory lock; any other program that migrates this database must use the same. */
const lock = { key: 7163846290174n };

const LOCK_POLL_INTERVAL_MS = 100;

/** The pause before a migration that met a lock of a table is tried again, in milliseconds. */
const TABLE_LOCK_PAUSE_MS = 2_000;

/** The SQLSTATE of a lock that was not free in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Applies the missing migrations, and grants the service's role its rights. Instances that start together
 * migrate one after the other, under a lock on the primary; the later ones find nothing to do. Where nothing
 * is missing nothing is waited for but a connection. A migration that meets a lock of its table is rolled
 * back and tried again: while it waits for a long transaction, requests would wait behind it.
 *
 * @param url the primary. Where a migration is missing its commits must be confirmed, or this waits for that.
 * @param options how long to wait for a connection, then for another instance that migrates, and then for the
 * locks of tables. Its signal also ends the work after the current migration.
 * @throws when a migration fails, which then is rolled back; when there is no connection in time, or another
 * session holds the lock for too long; the signal's reason.
 */
export async function migrate(url: string, log: Logger, options: WaitOptions = {}): Promise<void> {
  await withClient(url, log, options, async (client) => {
    const isComplete = (await missingMigrations(client)).length === 0;
    if (!isComplete) {
      await waitForLock(client, log, options);
      await createVersionTable.run(undefined, client);
    } else if (!(await tryLock(client))) {
      // Another instance migrates or grants at this moment, to the same end.
      return;
    }
    try {
      for (const migration of await missingMigrations(client)) {
        options.signal?.throwIfAborted();
        await applyBetweenLocks(client, migration, log, options);
      }
      await grantRights(client, log);
    } finally {
      // The end of the connection lets go of the lock too.
      await migrationUnlock.run(lock, client).catch(() => {});
    }
  });
}

async function tryLock(client: Queryable): Promise<boolean> {
  const [row] = await migrationTryLock.run(lock, client);
  return row?.locked === true;
}

async function waitForLock(client: Queryable, log: Logger, options: WaitOptions): Promise<void> {
  const { timeoutMs = 30_000, signal, onWait } = options;
  const deadlineMs = monotonicMs() + timeoutMs;
  for (let isLogged = false; !(await tryLock(client)); ) {
    signal?.throwIfAborted();
    const holder = await lockHolder(client);
    if (monotonicMs() >= deadlineMs) {
      throw new DatabaseUnavailable(`the migration lock is not free after ${timeoutMs} ms: ${holder}`);
    }
    if (!isLogged) log.warn({ holder }, 'waiting for the migration lock');
    isLogged = true;
    onWait?.(`waiting for the migration lock, ${holder}`);
    await sleep(LOCK_POLL_INTERVAL_MS, undefined, { signal });
  }
}

/** Who holds the lock, for an operator who has to end a session that hangs. */
async function lockHolder(client: Queryable): Promise<string> {
  const [holder] = await migrationLockHolder.run(lock, client);
  if (holder === undefined) return 'its holder has just ended';
  const { idle_s: idleS } = holder;
  return `held by ${describe(holder)}${idleS === null ? '' : `, unchanged for ${idleS} s`}`;
}

function describe({ pid, user, application, address }: IMigrationLockHolderResult): string {
  const from = `${application || 'a session'} of ${user ?? 'an unknown user'} from ${address ?? 'this host'}`;
  return `process ${pid}, ${from}`;
}

/**
 * Applies a migration as soon as the locks of its tables are free.
 *
 * @throws when it fails; DatabaseUnavailable when they are not free in time.
 */
async function applyBetweenLocks(
  client: Queryable,
  migration: Migration,
  log: Logger,
  { timeoutMs = 30_000, signal, onWait }: WaitOptions,
): Promise<void> {
  const deadlineMs = monotonicMs() + timeoutMs;
  for (let isLogged = false; ; isLogged = true) {
    try {
      return await apply(client, migration, log);
    } catch (error) {
      if (sqlStateOf((error as Error).cause) !== LOCK_NOT_AVAILABLE) throw error;
      const blocker = await blockerOf(client);
      const wait = `the migration ${migration.file} waits for a lock, ${blocker}`;
      if (monotonicMs() >= deadlineMs) throw new DatabaseUnavailable(wait, { cause: error });
      if (!isLogged) log.warn({ file: migration.file, blocker }, 'waiting for the lock of a table');
      onWait?.(wait);
      await sleep(TABLE_LOCK_PAUSE_MS, undefined, { signal });
    }
  }
}

async function blockerOf(client: Queryable): Promise<string> {
  const [session] = await oldestTransaction.run(undefined, client);
  if (session === undefined) return 'whose holder has just ended';
  return `the oldest transaction is that of ${describe(session)}, open for ${session.idle_s ?? 0} s`;
}

async function apply(client: Queryable, migration: Migration, log: Logger): Promise<void> {
  const { file, version, up, transaction } = migration;
  const startMs = monotonicMs();
  try {
    if (transaction) {
      await beginMigration.run(undefined, client);
      await limitLockWait.run(undefined, client);
    }
    await client.query(up, []);
    await recordVersion.run({ version }, client);
    if (transaction) await commitMigration.run(undefined, client);
  } catch (cause) {
    if (transaction) await rollbackMigration.run(undefined, client).catch(() => {});
    throw new Error(`the migration ${file} failed: ${(cause as Error).message}`, { cause });
  }
  log.info({ file, tookMs: Math.round(monotonicMs() - startMs) }, 'migration applied');
}

/**
 * Grants the service's role what `db/grants.sql` lists, and revokes everything else. The file is sent as one
 * query, so it is one transaction. Where the service runs as the owner of everything there is no such role.
 * After a newer version has migrated, the rights stay as that version's list has them.
 */
async function grantRights(client: Queryable, log: Logger): Promise<void> {
  const [role] = await applicationRoleExists.run(undefined, client);
  if (!role?.exists) return;
  if (await isNewer(client)) log.warn('a newer version has migrated: the rights are left as they are');
  else await client.query(await readFile(grantsFile, 'utf8'), []);
}
