/**
 * `make bench`: measures the service on a cluster of its own, and writes the figures.
 *
 *     node --import tsx scripts/bench/main.ts [--quick]
 *
 * The results go to `build/bench/result.json`, and with plots into `docs/performance.md`. A quick run shows
 * that the bench works, with rough figures: it leaves `docs` alone and writes its page to `build/bench`.
 * README.md is a tour of the files.
 */
import { Bench } from './bench.ts';
import { figuresOf, printFigures } from './figures.ts';
import { findWrk } from './generators.ts';
import {
  delays,
  findClients,
  fullQueue,
  interleaved,
  oneClient,
  overload,
  refusals,
  sweep,
  warmUp,
} from './parts.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { endPrograms } from './processes.ts';
import { describeRun, RESULT_FOLDER, writeReport, writeResult } from './report.ts';
import { setStage } from './stage.ts';

const plan = process.argv.includes('--quick') ? quickPlan : fullPlan;
const wrk = await findWrk();
process.stdout.write(`load: ${wrk ?? 'own client (wrk is not installed)'}; starting the servers\n`);

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    endPrograms();
  });
}

const stage = await setStage();
const bench = new Bench(plan, stage, wrk !== undefined, () => interrupted);
try {
  const context = { bench, plan, measure: bench.measure.bind(bench) };
  for (const part of [
    warmUp,
    findClients,
    sweep,
    interleaved,
    refusals,
    overload,
    fullQueue,
    delays,
    oneClient,
  ]) {
    await part(context);
  }
  const run = await describeRun(bench, wrk);
  const figures = figuresOf(bench);
  await writeResult(run, figures, bench.measured);
  await writeReport(plan.quick ? RESULT_FOLDER : 'docs', run, figures, bench);
  printFigures(figures);
} catch (error) {
  process.stderr.write(`the bench failed: ${interrupted ? 'interrupted' : (error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  await stage.clear();
}
process.exit();
