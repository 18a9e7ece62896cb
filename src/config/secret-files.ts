/** Variables whose values may stand in a file, as containers are given their secrets: `DATABASE_URL_FILE`. */
import { readFileSync } from 'node:fs';

/** Those that hold passwords or keys. */
export const SECRETS = [
  'DATABASE_URL',
  'DATABASE_REPLICA_URLS',
  'MIGRATION_DATABASE_URL',
  'PAGE_TOKEN_KEY',
  'LOMS_TOKEN',
] as const;

/** A file that is larger is not what was meant. */
const BYTES_MAX = 64 * 1024;

type Environment = Readonly<Record<string, string>>;

/**
 * Reads the files that the environment names.
 *
 * @param secrets those to look for.
 * @returns the environment with their contents, without the white space around them, and a line for each
 * file that is of no use; it never shows contents.
 */
export function readSecretFiles(
  environment: Environment,
  secrets: readonly string[] = SECRETS,
): { set: Environment; mistakes: string[] } {
  const set = { ...environment };
  const mistakes: string[] = [];
  for (const name of secrets) {
    const path = environment[`${name}_FILE`];
    if (path === undefined) continue;
    if (environment[name] !== undefined) {
      mistakes.push(`${name}_FILE: must not be set together with ${name}`);
      continue;
    }
    try {
      const text = readFileSync(path, 'utf8').trim();
      if (text === '' || text.length > BYTES_MAX) mistakes.push(`${name}_FILE: is empty or too large`);
      else set[name] = text;
    } catch (error) {
      mistakes.push(`${name}_FILE: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
    }
  }
  return { set, mistakes };
}
