/** The migrations of this program, in files of dbmate's form, so that its command line works on them too. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface Migration {
  readonly version: string;
  readonly file: string;
  /** The statements that apply it. */
  readonly up: string;
  /** False where its statements may not run in a transaction, such as CREATE INDEX CONCURRENTLY. */
  readonly transaction: boolean;
}

const folder = fileURLToPath(new URL('../../../db/migrations', import.meta.url));

const UP = /^--[ \t]*migrate:up(?:[ \t]+(.*))?$/m;
const DOWN = /^--[ \t]*migrate:down\b/m;

let migrations: Promise<readonly Migration[]> | undefined;

/**
 * All migrations, in the order in which they are applied. They are part of the program, so they are read
 * once.
 */
export function readMigrations(): Promise<readonly Migration[]> {
  migrations ??= readFolder();
  return migrations;
}

async function readFolder(): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d+.*\.sql$/.test(file)).sort();
  const all = files.map(async (file) => parseMigration(file, await readFile(`${folder}/${file}`, 'utf8')));
  return checkVersions(await Promise.all(all));
}

/** @throws when two migrations have one version, as two branches give it: only one would be recorded. */
export function checkVersions(sorted: readonly Migration[]): readonly Migration[] {
  for (const [index, { version, file }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next?.version === version) throw new Error(`${file} and ${next.file} have the same version`);
  }
  return sorted;
}

/**
 * Reads the text of a migration.
 *
 * @throws when it has not the form of dbmate, or an option that is not known here.
 */
export function parseMigration(file: string, text: string): Migration {
  const up = UP.exec(text);
  if (up === null) throw new Error(`the migration ${file} has no line "-- migrate:up"`);
  const before = text.slice(0, up.index).split('\n');
  if (before.some((line) => !/^\s*(--.*)?$/.test(line))) {
    throw new Error(`the migration ${file} has statements before "-- migrate:up"`);
  }
  const down = DOWN.exec(text);
  if (down !== null && down.index < up.index) {
    throw new Error(`the migration ${file} has "-- migrate:down" before "-- migrate:up"`);
  }
  const options = up[1]?.trim() ?? '';
  if (!['', 'transaction:true', 'transaction:false'].includes(options)) {
    throw new Error(`the migration ${file} has an unknown option: ${options}`);
  }
  return {
    version: /^\d+/.exec(file)?.[0] ?? file,
    file,
    up: text.slice(up.index + up[0].length, down?.index),
    transaction: options !== 'transaction:false',
  };
}
