/**
 * Brings the schema up to date with dbmate, fills in seeds, and tells whether a database is migrated.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resolveBinary } from 'dbmate';
import pg from 'pg';
import type { Logger } from 'pino';
import {
  applicationRoleExists,
  migrationLock,
  migrationUnlock,
  schemaVersions,
} from '../../generated/sql/schema.ts';
import { sqlStateOf } from '../errors.ts';
import type { Queryable } from '../types.ts';

const migrationsDir = fileURLToPath(new URL('../../../db/migrations', import.meta.url));
const grantsFile = fileURLToPath(new URL('../../../db/grants.sql', import.meta.url));
const seedsDir = fileURLToPath(new URL('../../../db/seeds', import.meta.url));

/** A migration may rewrite a large table; past this something is stuck and somebody should look. */
const MIGRATION_TIMEOUT_MS = 15 * 60_000;

/** A server that accepts a connection and then says nothing is not waited for. */
const CONNECT_TIMEOUT_MS = 10_000;

const UNDEFINED_TABLE = '42P01';

/**
 * Applies the migrations that are missing, and gives the service's role the rights that it needs of them. Instances
 * that start together do it one after the other: each holds a lock on the primary while it migrates, and the later
 * ones find nothing left to do.
 *
 * @param url the primary. Where something is missing its commits must be confirmed, or this waits for that.
 * @throws when a migration fails; dbmate has rolled that one back then.
 */
export async function migrate(url: string, log: Logger): Promise<void> {
  log.info('looking for migrations to apply, when no other instance does');
  await withClient(url, async (client) => {
    await migrationLock.run(undefined, client);
    try {
      for (const line of await runDbmate(url)) log.info(line);
      await grantRights(client, log);
    } finally {
      await migrationUnlock.run(undefined, client);
    }
  });
}

/**
 * Gives the service's role what `db/grants.sql` lists, and takes from it whatever else it has. Sent as one, the
 * statements are one transaction. Where the service works as the owner of everything there is no such role. Where
 * a newer version has migrated, that one has its own list, and runs by it.
 */
async function grantRights(client: Queryable, log: Logger): Promise<void> {
  const [role] = await applicationRoleExists.run(undefined, client);
  if (!role?.exists) return;
  const known = new Set(await knownVersions());
  const applied = await schemaVersions.run(undefined, client);
  if (applied.every(({ version }) => known.has(version)))
    await client.query(await readFile(grantsFile, 'utf8'), []);
  else log.warn('a newer version has migrated: the rights stay as it left them');
}

/**
 * Adds the stock of a seed set to the database. Stock that is there already is left as it is.
 *
 * @param url the primary.
 * @param name a file of `db/seeds`, without its ending.
 */
export async function seed(url: string, name: string, log: Logger): Promise<void> {
  const names = (await readdir(seedsDir)).map((file) => file.replace(/\.sql$/, ''));
  if (!names.includes(name)) throw new Error(`no seed set '${name}', there is: ${names.join(', ')}`);
  const text = await readFile(`${seedsDir}/${name}.sql`, 'utf8');
  const { rowCount } = await withClient(url, (client) => client.query(text, []));
  log.info({ seed: name, added: rowCount }, 'seeded stock');
}

/** Whether every migration that this program knows of has been applied. Throws when the node is not reachable. */
export async function isMigrated(db: Queryable): Promise<boolean> {
  try {
    const applied = new Set((await schemaVersions.run(undefined, db)).map((row) => row.version));
    return (await knownVersions()).every((version) => applied.has(version));
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

async function knownVersions(): Promise<string[]> {
  const files = await readdir(migrationsDir);
  return files.filter((file) => file.endsWith('.sql')).map((file) => file.split('_')[0] ?? file);
}

/**
 * Runs dbmate. The URL holds a password, so it goes by the environment, where other users do not see it, and
 * an error tells what dbmate said and not how it was called.
 *
 * @returns a line for each migration that was applied.
 */
async function runDbmate(url: string): Promise<string[]> {
  const args = ['--migrations-dir', migrationsDir, '--no-dump-schema', 'migrate'];
  const options = { timeout: MIGRATION_TIMEOUT_MS, env: { DATABASE_URL: dbmateUrl(url) } };
  const { stdout } = await promisify(execFile)(resolveBinary(), args, options).catch((error) => {
    const said = String(error.stderr).trim().replaceAll(url, '***');
    throw new Error(`a migration failed: ${said || error.code}`);
  });
  return stdout.split('\n').filter((line) => line.startsWith('Applied'));
}

/** dbmate's driver asks for TLS where the URL does not say; `pg` and libpq's own default do not insist. */
function dbmateUrl(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('sslmode')) parsed.searchParams.set('sslmode', 'disable');
  return parsed.href;
}

async function withClient<T>(url: string, use: (client: Queryable) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'loms migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // Whoever has the lock may be migrating, but no longer than that.
    lock_timeout: MIGRATION_TIMEOUT_MS,
  });
  // A connection that breaks fails the query in work as well; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client as unknown as Queryable);
  } finally {
    await client.end();
  }
}
