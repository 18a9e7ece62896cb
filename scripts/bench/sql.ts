/** The statements of `scripts/bench/sql`, by their names. */
import { readFileSync } from 'node:fs';

/** Reads a statement; its name is its file's without the ending. */
export function sql(name: string): string {
  return readFileSync(new URL(`sql/${name}.sql`, import.meta.url), 'utf8');
}

/** A statement that the server prepares once per connection, as `pg` takes it. */
export function prepared(name: string): { name: string; text: string } {
  return { name, text: sql(name) };
}
