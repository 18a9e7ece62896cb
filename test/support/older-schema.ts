/** A database as an earlier version of the service has left it. */
import { readMigrations } from '../../src/db/schema/migrations.ts';
import { query } from './query.ts';

/** Applies the migrations before a version to an empty database. */
export async function migrateBefore(url: string, version: string): Promise<void> {
  await query(url, 'CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)');
  for (const migration of await readMigrations()) {
    if (migration.version >= version) return;
    await query(url, migration.up);
    await query(url, 'INSERT INTO schema_migrations VALUES ($1)', [migration.version]);
  }
}
