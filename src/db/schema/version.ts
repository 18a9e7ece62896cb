/** Compares the migrations that a database has with those of this program. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { schemaVersions } from '../../generated/sql/schema.ts';
import { sqlStateOf } from '../errors.ts';
import type { Queryable } from '../types.ts';

export const migrationsDir = fileURLToPath(new URL('../../../db/migrations', import.meta.url));

const UNDEFINED_TABLE = '42P01';

/**
 * Whether every migration of this program has been applied.
 *
 * @throws when the node is not reachable, or the role may not read the versions.
 */
export async function isMigrated(db: Queryable): Promise<boolean> {
  try {
    const applied = new Set((await schemaVersions.run(undefined, db)).map((row) => row.version));
    return (await knownVersions()).every((version) => applied.has(version));
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** Whether a newer version of the program has migrated the database. Throws as `isMigrated`. */
export async function isNewer(db: Queryable): Promise<boolean> {
  const known = new Set(await knownVersions());
  return (await schemaVersions.run(undefined, db)).some(({ version }) => !known.has(version));
}

async function knownVersions(): Promise<string[]> {
  const files = await readdir(migrationsDir);
  return files.filter((file) => file.endsWith('.sql')).map((file) => file.split('_')[0] ?? file);
}
