/** The report of the runs: a line for each as it ends, and a summary in JSON and as a page. */
import { mkdir, writeFile } from 'node:fs/promises';
import { aboutRun, type Figure, figuresTable, pageWithFigures, showFigures } from '../lib/report.ts';
import { median } from '../lib/statistics.ts';
import type { Fault } from './faults/fault.ts';
import { figuresOf, recoverySeconds, shownSeconds } from './figures.ts';
import { shownRates } from './recovery.ts';
import type { RunResult } from './run.ts';

const PAGE = 'docs/reliability.md';
/** How many violations are shown; the rest is in the summary. */
const SHOWN_VIOLATIONS_MAX = 5;

/** Prints the result of a run. */
export function showResult(result: RunResult): void {
  const { kind, seed, seconds, violations, skipped, calls, orders, unknown, recovery } = result;
  const name = `${kind.padEnd(22)} seed ${String(seed).padEnd(4)}`;
  if (skipped !== undefined) {
    process.stdout.write(`${name} skipped: ${skipped}\n`);
    return;
  }
  const verdict = violations.length === 0 ? 'ok' : `${violations.length} WRONG`;
  const back =
    recovery.tookMs === undefined ? 'not back' : `back in ${shownSeconds(recovery.tookMs / 1_000)}`;
  const load = `${calls} calls, ${orders} orders, ${unknown} unknown, ${shownRates(recovery)}`;
  process.stdout.write(
    `${name} ${verdict.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${load}, ${back}\n`,
  );
  for (const violation of violations.slice(0, SHOWN_VIOLATIONS_MAX)) {
    process.stdout.write(`    ${violation.kind}: ${violation.text}\n`);
  }
}

/**
 * Writes the summary, and prints and returns the figures.
 *
 * @param isComplete whether enough kinds and seeds were run, without a failure, to replace the figures of the
 * documentation.
 */
export async function writeSummary(
  folder: string,
  faults: readonly Fault[],
  results: readonly RunResult[],
  isComplete: boolean,
): Promise<readonly Figure[]> {
  const made = results.filter(({ skipped }) => skipped === undefined);
  const figures = figuresOf(made);
  const page = [aboutRuns(made), '', figuresTable(figures), '', faultsTable(faults, results), ''].join('\n');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/summary.json`, `${JSON.stringify({ figures, results }, undefined, 2)}\n`);
  await writeFile(`${folder}/summary.md`, `${page}\n`);
  if (isComplete) await writeFile(PAGE, await pageWithFigures(PAGE, 'make faults', `\n${page}`));
  showFigures(figures);
  return figures;
}

function aboutRuns(made: readonly RunResult[]): string {
  const calls = made.reduce((sum, result) => sum + result.calls, 0).toLocaleString('en');
  const orders = made.reduce((sum, result) => sum + result.orders, 0).toLocaleString('en');
  return [
    `${aboutRun()}, callers and databases on the same machine.`,
    `${made.length} runs, ${calls} calls, ${orders} orders.`,
  ].join('\n');
}

/** The longest time; for a run without recovery, its rates. */
function shownWorst(runs: readonly RunResult[]): string {
  const slow = runs.find(({ recovery }) => recovery.tookMs === undefined);
  const worst = shownSeconds(Math.max(...recoverySeconds(runs)));
  return slow === undefined ? worst : `${worst}: ${shownRates(slow.recovery)}`;
}

function faultsTable(faults: readonly Fault[], results: readonly RunResult[]): string {
  const rows = faults.flatMap(({ kind, what }) => {
    const runs = results.filter((result) => result.kind === kind);
    const made = runs.filter(({ skipped }) => skipped === undefined);
    if (runs.length === 0) return [];
    if (made.length === 0) return [`| \`${kind}\` | ${what} | 0: ${runs[0]?.skipped} | | | | | |`];
    const sum = (of: (run: RunResult) => number) => made.reduce((total, run) => total + of(run), 0);
    const seconds = recoverySeconds(made);
    const cells = [
      made.length,
      sum(({ refused }) => refused).toLocaleString('en'),
      sum(({ unknown }) => unknown).toLocaleString('en'),
      sum(({ violations }) => violations.length),
      shownSeconds(median(seconds)),
      shownWorst(made),
    ];
    return [`| \`${kind}\` | ${what} | ${cells.join(' | ')} |`];
  });
  const head =
    '| fault | what is done | runs | refused | unknown at first | violations | recovery, median | at most |';
  return [head, '|---|---|---:|---:|---:|---:|---:|---:|', ...rows].join('\n');
}
