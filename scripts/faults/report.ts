/** What came of the runs: a line for each as it ends, and a summary in JSON and as a page. */
import { mkdir, writeFile } from 'node:fs/promises';
import type { RunResult } from './run.ts';

/** Of what is wrong so much is shown; the rest is in the summary. */
const SHOWN_VIOLATIONS_MAX = 5;

/** Shows a run that has ended. */
export function showResult(result: RunResult): void {
  const { kind, seed, seconds, violations, skipped, calls, orders, unknown, recovery } = result;
  const name = `${kind.padEnd(22)} seed ${String(seed).padEnd(4)}`;
  if (skipped !== undefined) {
    process.stdout.write(`${name} skipped: ${skipped}\n`);
    return;
  }
  const verdict = violations.length === 0 ? 'ok  ' : `${violations.length} WRONG`;
  const back =
    recovery.tookMs === undefined ? 'not back' : `back in ${(recovery.tookMs / 1_000).toFixed(1)} s`;
  const load = `${calls} calls, ${orders} orders, ${unknown} unknown, ${Math.round(recovery.beforePerSecond)}/s`;
  process.stdout.write(`${name} ${verdict} ${seconds.toFixed(1).padStart(5)} s  ${load}, ${back}\n`);
  for (const violation of violations.slice(0, SHOWN_VIOLATIONS_MAX)) {
    process.stdout.write(`    ${violation.kind}: ${violation.text}\n`);
  }
}

export async function writeSummary(
  folder: string,
  results: readonly RunResult[],
  isWhole: boolean,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/summary.json`, `${JSON.stringify({ isWhole, results }, undefined, 2)}\n`);
}
