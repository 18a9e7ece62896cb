/** What a run has to show, and its place in the documentation. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { pageWithFigures } from '../support/page.ts';
import { GROWTH_MAX_BYTES_PER_CASE, growthOf, isLeak } from './memory.ts';
import { CASES_MIN } from './plan.ts';
import { type Report, ROUND } from './run.ts';

const PAGE = 'docs/reliability.md';

const MEBIBYTE = 1024 * 1024;

/** A figure with what it is to be and what it is. */
export interface Figure {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  /** Undefined where the run was too short to tell. */
  readonly reached: boolean | undefined;
}

/** Works out the figures of a run. */
export function figuresOf({ cases, kinds, wrong, memory }: Report): Figure[] {
  const tells = cases >= CASES_MIN;
  const held = Object.entries(memory).map(([service, samples]): Figure => {
    const growth = growthOf(samples, ROUND);
    const [early, late] = [growth.earlyBytes, growth.lateBytes].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
    return {
      name: `memory of the ${service} service, in the second fifth of the run and in the last`,
      wanted: `at most ${GROWTH_MAX_BYTES_PER_CASE} bytes more per case`,
      measured: `${early} MiB, ${late} MiB: ${growth.bytesPerCase.toFixed(0)} bytes`,
      reached: tells ? !isLeak(growth) : undefined,
    };
  });
  return [
    {
      name: 'cases',
      wanted: `at least ${CASES_MIN.toLocaleString('en')}`,
      measured: `${cases.toLocaleString('en')} of ${kinds.size} kinds`,
      reached: tells ? true : undefined,
    },
    {
      name: 'answers 5xx or outside the documented form',
      wanted: '0',
      measured: String(wrong.length),
      reached: wrong.length === 0,
    },
    ...held,
  ];
}

/** A figure's verdict in words. */
export function verdictOf({ reached }: Figure): string {
  if (reached === undefined) return 'too short a run';
  return reached ? 'yes' : '**no**';
}

/** Writes the figures into the documentation. */
export async function writeFigures(seed: number, figures: readonly Figure[]): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
  const rows = figures.map((figure) => {
    const { name, wanted, measured } = figure;
    return `| ${name} | ${wanted} | ${measured} | ${verdictOf(figure)} |`;
  });
  const lines = [
    '',
    `Run on ${day}: ${machine}, Node.js ${process.version.slice(1)}, seed ${seed}.`,
    '',
    '| figure | wanted | measured | reached |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
  await writeFile(PAGE, await pageWithFigures(PAGE, 'make fuzz', lines.join('\n')));
}
