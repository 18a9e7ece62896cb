/**
 * `make bench`: measures the service on a cluster of its own and writes down what came of it.
 *
 *     node --import tsx scripts/bench/main.ts [--quick]
 *
 * The figures go to `build/bench/result.json`, and with plots into `docs/performance.md`. A quick run shows
 * that the bench works and roughly where things stand: it leaves `docs` alone and writes its page beside the
 * JSON.
 */
import { Bench } from './bench.ts';
import { figuresOf, printFigures } from './figures.ts';
import { findWrk } from './generators.ts';
import {
  delays,
  findClients,
  fullQueue,
  oneClient,
  overload,
  refusals,
  sweep,
  turns,
  warmUp,
} from './parts.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { endPrograms } from './processes.ts';
import { writeReport } from './report.ts';
import { describeRun, RESULT_FOLDER, writeResult } from './result.ts';
import { setStage } from './stage.ts';

const plan = process.argv.includes('--quick') ? quickPlan : fullPlan;
const wrk = await findWrk();
process.stdout.write(`load by ${wrk ?? 'our own client (wrk is not installed)'}; setting the stage\n`);

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
  const taking = { bench, plan, take: bench.take.bind(bench) };
  for (const part of [warmUp, findClients, sweep, turns, refusals, overload, fullQueue, delays, oneClient]) {
    await part(taking);
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
