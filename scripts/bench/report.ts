/**
 * The report of a run: the result as JSON, and the page with its figures, pictures and tables. The page is
 * `docs/performance.md`; only the section between its two marks is replaced.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { pageWithFigures } from '../lib/report.ts';
import type { Bench } from './bench.ts';
import { type Figure, shown, verdict } from './figures.ts';
import { type Picture, picturesOf } from './pictures.ts';
import type { Plan } from './plan.ts';
import { changedSettings } from './stage.ts';
import { tablesOf } from './tables.ts';

export const RESULT_FOLDER = 'build/bench';

const PAGE = 'docs/performance.md';

/** The machine and the configuration of a run. */
export interface Run {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly postgres: string;
  /** The load generator of REST in closed loops; the project's own client makes all other loads. */
  readonly restLoad: string;
  /** The service's settings that differ from the defaults. */
  readonly settings: Readonly<Record<string, string>>;
  readonly plan: Plan;
}

/** @param wrk its name and version, or undefined where it is not installed. */
export async function describeRun(bench: Bench, wrk: string | undefined): Promise<Run> {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    postgres: await bench.stage.audit.version(),
    restLoad: wrk ?? 'own client',
    settings: changedSettings(),
    plan: bench.plan,
  };
}

/** Writes the result of a run as JSON. */
export async function writeResult(
  run: Run,
  figures: readonly Figure[],
  { measured, readings, stops }: Bench,
): Promise<void> {
  await mkdir(RESULT_FOLDER, { recursive: true });
  const text = JSON.stringify({ run, figures, measured, readings, stops }, undefined, 2);
  await writeFile(`${RESULT_FOLDER}/result.json`, `${text}\n`);
}

/**
 * Writes the page and its pictures.
 *
 * @param folder `docs` to replace the page, or another folder for a copy.
 */
export async function writeReport(
  folder: string,
  run: Run,
  figures: readonly Figure[],
  bench: Bench,
): Promise<void> {
  const pictures = await picturesOf(bench);
  await mkdir(`${folder}/images`, { recursive: true });
  for (const { file, svg } of pictures) await writeFile(`${folder}/images/${file}`, svg);
  const section = sectionOf(run, figures, pictures, bench);
  await writeFile(`${folder}/performance.md`, await pageWithFigures(PAGE, 'make bench', section));
}

function sectionOf(run: Run, figures: readonly Figure[], pictures: readonly Picture[], bench: Bench): string {
  const images = pictures.map(({ file, title }) => `![${title}](images/${file})`);
  return ['', aboutRun(run), '', figuresTable(figures), '', ...images, '', ...tablesOf(bench), ''].join('\n');
}

function aboutRun(run: Run): string {
  const settings = Object.entries(run.settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
  const memory = Math.round(run.memoryBytes / 2 ** 30);
  return [
    `Measured on ${run.date.slice(0, 10)}: ${run.cores} cores (${run.processor}), ${memory} GiB of memory,`,
    `Node.js ${run.node.slice(1)}, PostgreSQL ${run.postgres}, settings: ${settings || 'the defaults'}.`,
    `REST was loaded by ${run.restLoad};`,
    'gRPC, order life cycles and overload by the client in `scripts/bench/client`.',
    `${run.plan.rounds} rounds of ${run.plan.stepSeconds} seconds per step.`,
  ].join('\n');
}

function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, is, bound, unit, measured, range, reached }) => {
    const wanted = `${is} ${bound}${unit ? ` ${unit}` : ''}`;
    const span = range ? `${shown(range[0], unit)} to ${shown(range[1], unit)}` : '';
    return `| ${name} | ${wanted} | ${shown(measured, unit)} | ${span} | ${verdict(reached)} |`;
  });
  return ['| figure | target | measured | rounds | met |', '|---|---|---|---|---|', ...rows].join('\n');
}
