/** Tables of the documents, which tests compare with the code. */
import { readFileSync } from 'node:fs';

/** The cells of the first table after a text, a row each, without its two head rows. */
export function table(file: string, start: string): string[][] {
  const [, after = ''] = readFileSync(file, 'utf8').split(`\n${start}`);
  const rows = /\n((?:\|.*\n)+)/.exec(after)?.[1]?.trim().split('\n') ?? [];
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks in a cell. */
export function named(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
