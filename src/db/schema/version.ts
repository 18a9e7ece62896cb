/** Compares the migrations that a database has with those of this program. */
import { schemaVersions } from '../../generated/sql/schema.ts';
import { sqlStateOf } from '../errors.ts';
import type { Queryable } from '../types.ts';
import { type Migration, readMigrations } from './migrations.ts';

const UNDEFINED_TABLE = '42P01';

/** SQLSTATEs about names and rights: the schema is not there, or this login may not read it. */
const NOT_READABLE = /^42/;

/**
 * The migrations of this program that have not been applied, in their order.
 *
 * @throws when the node is not reachable, or the role may not read the versions.
 */
export async function missingMigrations(db: Queryable): Promise<Migration[]> {
  const applied = await appliedVersions(db);
  return (await readMigrations()).filter(({ version }) => !applied.has(version));
}

/** Whether every migration of this program has been applied. Throws as `missingMigrations`. */
export async function isMigrated(db: Queryable): Promise<boolean> {
  return (await missingMigrations(db)).length === 0;
}

/** Whether a newer version of the program has migrated the database. Throws as `missingMigrations`. */
export async function isNewer(db: Queryable): Promise<boolean> {
  const known = new Set((await readMigrations()).map(({ version }) => version));
  return [...(await appliedVersions(db))].some((version) => !known.has(version));
}

/**
 * Why the schema is not one that this program can work with, for operators; undefined when it is.
 *
 * @throws when the node does not answer.
 */
export async function schemaProblem(db: Queryable): Promise<string | undefined> {
  try {
    const missing = await missingMigrations(db);
    return missing.length === 0 ? undefined : `not applied: ${missing.map(({ file }) => file).join(', ')}`;
  } catch (error) {
    if (!NOT_READABLE.test(sqlStateOf(error) ?? '')) throw error;
    return `the applied migrations cannot be read: ${(error as Error).message}`;
  }
}

async function appliedVersions(db: Queryable): Promise<Set<string>> {
  try {
    return new Set((await schemaVersions.run(undefined, db)).map(({ version }) => version));
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_TABLE) return new Set();
    throw error;
  }
}
