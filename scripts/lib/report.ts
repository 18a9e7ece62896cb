/**
 * Reports of the scripts: figures with their targets, as lines, as a table, and in pages that people write.
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** A figure with its target and its value. */
export interface Figure {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  /** Undefined when there were too few runs to decide. */
  readonly reached: boolean | undefined;
}

/** The figures as a table in Markdown. */
export function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ name, wanted, measured, reached }) => `| ${name} | ${wanted} | ${measured} | ${verdict(reached)} |`,
  );
  return ['| figure | target | measured | met |', '|---|---|---|---|', ...rows].join('\n');
}

/** Prints the figures. */
export function showFigures(figures: readonly Figure[]): void {
  for (const { name, wanted, measured, reached } of figures) {
    process.stdout.write(
      `${name.padEnd(58)} ${wanted.padEnd(18)} ${measured.padEnd(26)} ${verdict(reached)}\n`,
    );
  }
}

/** The date and the machine of a run. */
export function aboutRun(): string {
  const day = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  return `Run on ${day}: ${cpus().length} cores (${processor}), Node.js ${process.version.slice(1)}`;
}

function verdict(reached: boolean | undefined): string {
  if (reached === undefined) return 'too few runs';
  return reached ? 'yes' : '**no**';
}

const END = '<!-- figures:end -->';

/**
 * Reads a page, and replaces its section of figures. The section is between two marks.
 *
 * @param command that writes the figures (`make bench`), as the first mark names it.
 * @returns the page with the new figures.
 * @throws when the page has no marks for these figures.
 */
export async function pageWithFigures(path: string, command: string, figures: string): Promise<string> {
  const begin = `<!-- figures:begin, written by ${command} -->`;
  const page = await readFile(path, 'utf8');
  const before = page.indexOf(begin);
  const after = page.indexOf(END, before);
  if (before < 0 || after < 0) throw new Error(`${path} has no marks for the figures`);
  return `${page.slice(0, before)}${begin}\n${figures}\n${page.slice(after)}`;
}
