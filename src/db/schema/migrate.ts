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
  migrationLockHolder,
  migrationTryLock,
  migrationUnlock,
  recordVersion,
} from '../../generated/sql/migrations.ts';
import { monotonicMs } from '../../timing/clock.ts';
import { DatabaseUnavailable } from '../errors.ts';
import type { Queryable } from '../types.ts';
import { type WaitOptions, withClient } from './client.ts';
import type { Migration } from './migrations.ts';
import { isNewer, missingMigrations } from './version.ts';

const grantsFile = fileURLToPath(new URL('../../../db/grants.sql', import.meta.url));

/** The number of the advisory lock; any other program that migrates this database must use the same. */
const lock = { key: 7163846290174n };

const LOCK_POLL_INTERVAL_MS = 100;

/**
 * Applies the missing migrations, and grants the service's role its rights. Instances that start together
 * migrate one after the other, under a lock on the primary; the later ones find nothing to do. Where nothing
 * is missing nothing is waited for but a connection.
 *
 * @param url the primary. Where a migration is missing its commits must be confirmed, or this waits for that.
 * @param options how long to wait for a connection, and then for another instance that migrates. Its signal
 * also ends the work after the current migration.
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
        await apply(client, migration, log);
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
  const { pid, user, application, address, idle_s: idleS } = holder;
  const from = `${application || 'a session'} of ${user ?? 'an unknown user'} from ${address ?? 'this host'}`;
  return `held by process ${pid}, ${from}${idleS === null ? '' : `, unchanged for ${idleS} s`}`;
}

async function apply(client: Queryable, migration: Migration, log: Logger): Promise<void> {
  const { file, version, up, transaction } = migration;
  const startMs = monotonicMs();
  try {
    if (transaction) await beginMigration.run(undefined, client);
    await client.query(up, []);
    await recordVersion.run({ version }, client);
    if (transaction) await commitMigration.run(undefined, client);
  } catch (cause) {
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
