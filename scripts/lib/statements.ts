/** SQL statements of the scripts. A file holds several, each below its name, as in `sql/`. */
import { readFileSync } from 'node:fs';

/**
 * Reads the statements of a file.
 *
 * @param names of all statements that the file holds.
 * @throws when it holds others.
 */
export function readStatements<Name extends string>(file: URL, ...names: Name[]): Record<Name, string> {
  const [, ...parts] = readFileSync(file, 'utf8').split(/^\/\* @name (\w+) \*\/\n/m);
  const found = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) found.set(parts[at] ?? '', (parts[at + 1] ?? '').trim());
  if ([...found.keys()].join() !== names.join()) {
    throw new Error(`${file.pathname} holds ${[...found.keys()].join(', ')}, not ${names.join(', ')}`);
  }
  return Object.fromEntries(found) as Record<Name, string>;
}
