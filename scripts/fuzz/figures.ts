/** The figures of a run, and their place in the documentation. */
import { writeFile } from 'node:fs/promises';
import { aboutRun, type Figure, figuresTable, pageWithFigures } from '../lib/report.ts';
import { GROWTH_MAX_BYTES_PER_CASE, growthOf, isLeak } from './memory.ts';
import { CASES_MIN } from './plan.ts';
import { type Report, ROUND } from './run.ts';

const PAGE = 'docs/reliability.md';

const MEBIBYTE = 1024 * 1024;

/** Computes the figures of a run with enough cases. */
export function figuresOf({ cases, kinds, findings, memory }: Report): Figure[] {
  const held = Object.entries(memory).map(([service, samples]): Figure => {
    const growth = growthOf(samples, ROUND);
    const [early, late] = [growth.earlyBytes, growth.lateBytes].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
    return {
      name: `memory of the ${service} service, in the second fifth of the run and in the last`,
      wanted: `at most ${GROWTH_MAX_BYTES_PER_CASE} bytes more per case`,
      measured: `${early} MiB, ${late} MiB: ${growth.bytesPerCase.toFixed(0)} bytes`,
      reached: !isLeak(growth),
    };
  });
  return [
    {
      name: 'cases',
      wanted: `at least ${CASES_MIN.toLocaleString('en')}`,
      measured: `${cases.toLocaleString('en')} of ${kinds.size} kinds`,
      reached: cases >= CASES_MIN,
    },
    {
      name: 'answers 5xx or not in a documented form',
      wanted: '0',
      measured: String(findings.length),
      reached: findings.length === 0,
    },
    ...held,
  ];
}

/** Writes the figures into the documentation. */
export async function writeFigures(seed: number, figures: readonly Figure[]): Promise<void> {
  const text = `\n${aboutRun()}, seed ${seed}.\n\n${figuresTable(figures)}\n`;
  await writeFile(PAGE, await pageWithFigures(PAGE, 'make fuzz', text));
}
