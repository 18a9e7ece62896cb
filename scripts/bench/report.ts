/**
 * The report: a page with the figures of a run, and its pictures. The page is `docs/performance.md`: what
 * people wrote there stays, only the section between the two marks is replaced.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { pageWithFigures } from '../lib/report.ts';
import type { Bench } from './bench.ts';
import { type Figure, shown, verdict } from './figures.ts';
import { type Picture, picturesOf } from './pictures.ts';
import type { Run } from './result.ts';
import { tablesOf } from './tables.ts';

const PAGE = 'docs/performance.md';

/**
 * Writes the page and its pictures.
 *
 * @param folder `docs` to replace the page, or another one for a page beside it.
 */
export async function writeReport(
  folder: string,
  run: Run,
  figures: readonly Figure[],
  bench: Bench,
): Promise<void> {
  const pictures = picturesOf(bench);
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
  const set = Object.entries(run.settings).map(([name, value]) => `${name}=${value}`);
  const memory = Math.round(run.memoryBytes / 2 ** 30);
  return [
    `Measured on ${run.date.slice(0, 10)}: ${run.cores} cores (${run.processor}), ${memory} GiB of memory,`,
    `Node.js ${run.node.slice(1)}, PostgreSQL ${run.postgres}, service settings ${set.join(', ') || 'as they come'}.`,
    `REST was loaded by ${run.restLoad}; gRPC, whole lives and overload by the client in \`scripts/bench/client\`.`,
    `${run.plan.rounds} rounds of ${run.plan.stepSeconds} seconds a step.`,
  ].join('\n');
}

function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, is, bound, unit, measured, range, reached }) => {
    const wanted = `${is} ${bound}${unit ? ` ${unit}` : ''}`;
    const span = range ? `${shown(range[0], unit)} to ${shown(range[1], unit)}` : '';
    return `| ${name} | ${wanted} | ${shown(measured, unit)} | ${span} | ${verdict(reached)} |`;
  });
  return ['| figure | wanted | measured | rounds | reached |', '|---|---|---|---|---|', ...rows].join('\n');
}
