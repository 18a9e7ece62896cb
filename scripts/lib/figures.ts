/** The figures of a run, as a table for its page and lines for the terminal. */
import { cpus } from 'node:os';

/** A figure with its target and its measured value. */
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

/** Shows the figures in the terminal. */
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
