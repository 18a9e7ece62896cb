/** The result of a run, as JSON in `build/bench`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { Bench } from './bench.ts';
import type { Figure } from './figures.ts';
import type { Plan } from './plan.ts';
import { changedSettings } from './stage.ts';
import type { Measured } from './types.ts';

export const RESULT_FOLDER = 'build/bench';

/** The machine and the configuration of a run. */
export interface Run {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly postgres: string;
  /** The load generator of REST in closed loops; everything else is loaded by our own client. */
  readonly restLoad: string;
  /** Settings of the service that differ from the defaults. */
  readonly settings: Readonly<Record<string, string>>;
  readonly plan: Plan;
}

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

export async function writeResult(
  run: Run,
  figures: readonly Figure[],
  measured: readonly Measured[],
): Promise<void> {
  await mkdir(RESULT_FOLDER, { recursive: true });
  await writeFile(
    `${RESULT_FOLDER}/result.json`,
    `${JSON.stringify({ run, figures, measured }, undefined, 2)}\n`,
  );
}
