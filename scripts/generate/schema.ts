/**
 * Writes `db/schema.sql`, the schema after all migrations, so that a review shows the effect of a migration.
 *
 *     tsx scripts/generate/schema.ts           writes it
 *     tsx scripts/generate/schema.ts --check   fails when it is stale
 *
 * The PostgreSQL binaries from npm do not include pg_dump. So the migrations run in PostgreSQL compiled to
 * WebAssembly, of the same major version, which includes it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import { readMigrations } from '../../src/db/schema/migrations.ts';
import { settle } from './staged.ts';

const pg = await PGlite.create();
for (const { up } of await readMigrations()) await pg.exec(up);
const dump = await (await pgDump({ pg, args: ['--schema-only', '--no-owner'] })).text();
await pg.close();
mkdirSync('build', { recursive: true });
writeFileSync('build/schema.sql', tidy(dump));
settle('build/schema.sql', 'db/schema.sql');

/** Removes versions and session settings of the dump, which are not part of the schema. */
function tidy(text: string): string {
  const kept = text
    .split('\n')
    .filter(
      (line) =>
        !/^(SET|SELECT pg_catalog\.set_config|\\|-- Dumped|--$|-- PostgreSQL database dump)/.test(line),
    );
  return `-- Generated from db/migrations by "make generate". Do not edit.\n${kept.join('\n')}`
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n');
}
