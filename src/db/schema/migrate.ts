/** Migrations with dbmate, and the rights that the service's role needs after them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resolveBinary } from 'dbmate';
import type { Logger } from 'pino';
import { applicationRoleExists, migrationLock, migrationUnlock } from '../../generated/sql/schema.ts';
import { monotonicMs } from '../../timing/clock.ts';
import type { Queryable } from '../types.ts';
import { MIGRATION_TIMEOUT_MS, withClient } from './client.ts';
import { isNewer, migrationsDir } from './version.ts';

const LOCK_POLL_INTERVAL_MS = 100;

const grantsFile = fileURLToPath(new URL('../../../db/grants.sql', import.meta.url));

/**
 * Applies the missing migrations, and grants the service's role its rights. Instances that start together
 * migrate one after the other, under a lock on the primary; the later ones find nothing to do.
 *
 * @param url the primary. Where a migration is missing its commits must be confirmed, or this waits for that.
 * @throws when a migration fails; dbmate has rolled it back then.
 */
export async function migrate(url: string, log: Logger): Promise<void> {
  log.info('checking for missing migrations');
  await withClient(url, async (client) => {
    await waitForLock(client);
    try {
      for (const line of await runDbmate(url)) log.info(line);
      await grantRights(client, log);
    } finally {
      await migrationUnlock.run(undefined, client);
    }
  });
}

/** Waits until no other instance migrates. Throws when that takes longer than any migration may. */
async function waitForLock(client: Queryable): Promise<void> {
  const deadlineMs = monotonicMs() + MIGRATION_TIMEOUT_MS;
  for (;;) {
    const [lock] = await migrationLock.run(undefined, client);
    if (lock?.locked) return;
    if (monotonicMs() > deadlineMs) throw new Error('another instance has not finished its migration');
    await sleep(LOCK_POLL_INTERVAL_MS);
  }
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

/**
 * Runs dbmate. The URL holds a password, so it is passed in the environment, which other users cannot read,
 * and an error shows dbmate's output and not its command line.
 *
 * @returns a line for each migration that was applied.
 */
async function runDbmate(url: string): Promise<string[]> {
  const args = ['--migrations-dir', migrationsDir, '--no-dump-schema', 'migrate'];
  const options = { timeout: MIGRATION_TIMEOUT_MS, env: { DATABASE_URL: dbmateUrl(url) } };
  const { stdout } = await promisify(execFile)(resolveBinary(), args, options).catch((error) => {
    const output = String(error.stderr).trim().replaceAll(url, '***');
    throw new Error(`a migration failed: ${output || error.code}`);
  });
  return stdout.split('\n').filter((line) => line.startsWith('Applied'));
}

/** dbmate's driver requires TLS where the URL does not set `sslmode`; `pg` and libpq do not by default. */
function dbmateUrl(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('sslmode')) parsed.searchParams.set('sslmode', 'disable');
  return parsed.href;
}
