/**
 * `make faults`: runs the service under load, injects faults around it, and checks that no order was lost or
 * applied twice.
 *
 *     node --import tsx scripts/faults/main.ts [--fault KIND] [--seed N] [--seeds N] [--quick]
 *
 * Histories and a summary go to `build/faults`; a run of fifteen kinds with ten seeds, or more, also writes
 * its figures into `docs/reliability.md`. A quick run has a few kinds with one seed, and compiles the
 * service by itself. README.md is a tour of the files.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeData } from '../../src/embedded/data.ts';
import { asBuilt } from '../../test/support/process.ts';
import { compiled, compilePrograms } from '../../test/support/programs.ts';
import { BadArgument, wholeNumber } from '../lib/arguments.ts';
import type { Fault } from './faults/fault.ts';
import { faults, quickKinds } from './faults/table.ts';
import { KINDS_MIN, SEEDS_MIN } from './figures.ts';
import { showResult, writeSummary } from './report.ts';
import { type RunResult, runFault } from './run.ts';
import { Template } from './servers.ts';

const RESULT_FOLDER = 'build/faults';

/** What a busy machine may add to a time. A quick run may share its machine with other work. */
const TOLERANCE_MS = 1_000;
const QUICK_TOLERANCE_MS = 6_000;

const { values: options } = parseArgs({
  options: {
    fault: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
});

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
  });
}
// Without anybody who reads its output, a run has no use. An error of these streams that nobody handles would
// be written to them, without an end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    interrupted = true;
  });
}
// A crash would leave the servers running: the run is interrupted and cleaned up.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  interrupted = true;
});

/** The faults that the options name. */
function pickFaults(): readonly Fault[] {
  if (options.fault === undefined) {
    return options.quick ? faults.filter(({ kind }) => quickKinds.includes(kind)) : faults;
  }
  const kinds = options.fault.split(',');
  const unknown = kinds.filter((kind) => !faults.some((fault) => fault.kind === kind));
  if (unknown.length > 0) {
    throw new BadArgument(`no fault ${unknown}, there is: ${faults.map(({ kind }) => kind).join(', ')}`);
  }
  return faults.filter(({ kind }) => kinds.includes(kind));
}

function pickSeeds(): number[] {
  if (options.seed !== undefined) return [wholeNumber('--seed', options.seed)];
  return Array.from({ length: wholeNumber('--seeds', options.seeds, 1) }, (_, index) => index + 1);
}

/** Runs each fault with each seed. A run that could not be made counts as failed; the others go on. */
async function runAll(picked: readonly Fault[], seeds: readonly number[], template: Template) {
  const results: RunResult[] = [];
  let failed = 0;
  if (options.quick) await compilePrograms();
  const serviceArgs = options.quick ? compiled('main') : asBuilt;
  const toleranceMs = options.quick ? QUICK_TOLERANCE_MS : TOLERANCE_MS;
  for (const fault of picked) {
    for (const seed of seeds) {
      const folder = `${RESULT_FOLDER}/${fault.kind}-${seed}`;
      const isInterrupted = () => interrupted;
      try {
        const sort = { fault, seed, folder, template, serviceArgs };
        const result = await runFault({ ...sort, toleranceMs, isInterrupted });
        results.push(result);
        showResult(result);
      } catch (error) {
        if (interrupted) throw error;
        failed++;
        process.stdout.write(`${fault.kind}, seed ${seed}: could not be run: ${(error as Error).stack}\n`);
      }
    }
  }
  return { results, failed };
}

const dir = await mkdtemp(join(tmpdir(), 'loms-faults-'));
// The servers may run under another account, which needs access.
await chmod(dir, 0o755);
let home: string | undefined;
try {
  const picked = pickFaults();
  const seeds = pickSeeds();
  const template = await Template.make(dir);
  home = template.place.home;
  const { results, failed } = await runAll(picked, seeds, template);
  const isWide = picked.length >= KINDS_MIN && !options.quick && failed === 0;
  const isComplete = isWide && seeds.length >= SEEDS_MIN;
  const figures = await writeSummary(RESULT_FOLDER, faults, results, isComplete);
  const isMissed = isWide && figures.some(({ reached }) => reached === false);
  if (failed > 0 || isMissed || results.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
} catch (error) {
  const { message, stack } = error as Error;
  const why = interrupted ? 'interrupted' : stack;
  process.stderr.write(error instanceof BadArgument ? `${message}\n` : `the fault run failed: ${why}\n`);
  process.exitCode = 1;
} finally {
  if (home !== undefined) await removeData(home);
  await rm(dir, { recursive: true, force: true });
}
process.exit();
