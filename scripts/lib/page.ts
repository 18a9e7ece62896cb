/** Pages with generated sections, each between two marks; the rest is written by hand. */
import { readFile } from 'node:fs/promises';

const END = '<!-- figures:end -->';

/**
 * Reads a page and replaces the figures of one command.
 *
 * @param command the command that generates them (`make bench`), as named in the first mark.
 * @returns the page with the new figures.
 * @throws when the page has no marks for them.
 */
export async function pageWithFigures(path: string, command: string, figures: string): Promise<string> {
  const begin = `<!-- figures:begin, written by ${command} -->`;
  const page = await readFile(path, 'utf8');
  const before = page.indexOf(begin);
  const after = page.indexOf(END, before);
  if (before < 0 || after < 0) throw new Error(`${path} has no marks for the figures`);
  return `${page.slice(0, before)}${begin}\n${figures}\n${page.slice(after)}`;
}
