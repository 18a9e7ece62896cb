/**
 * `make bench`: measures the service on a cluster of its own, and writes the figures.
 *
 *     node --import tsx scripts/bench/main.ts [--quick] [--part=feed|orders]
 *
 * The results go to `build/bench/result.json`, and with plots into `docs/performance.md`. A quick run shows
 * that the bench works, with rough figures: it leaves `docs` alone and writes its page to `build/bench`.
 * One part alone writes its figures only.
 * README.md is a tour of the files.
 */
import { Bench } from './bench.ts';
import {
  feedFiguresOf,
  feedLatency,
  fromBeginning,
  manyReaders,
  stoppedReaders,
  warmUpFeed,
} from './feed.ts';
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

/** What can run alone. In the full run, the feed follows the orders. */
const groups = {
  orders: {
    parts: [warmUp, findClients, sweep, interleaved, refusals, overload, fullQueue, delays, oneClient],
    figuresOf,
  },
  feed: {
    parts: [warmUpFeed, manyReaders, feedLatency, fromBeginning, stoppedReaders],
    figuresOf: feedFiguresOf,
  },
} as const;

const plan = process.argv.includes('--quick') ? quickPlan : fullPlan;
const asked = process.argv.flatMap((argument) => /^--part=(.*)$/.exec(argument)?.[1] ?? []);
const chosen = Object.entries(groups).filter(([name]) => asked.length === 0 || asked.includes(name));
if (chosen.length === 0) throw new Error(`PART is one of ${Object.keys(groups).join(', ')}`);
const isWhole = chosen.length === Object.keys(groups).length;
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
  for (const part of chosen.flatMap(([, { parts }]) => parts)) await part(context);
  const run = await describeRun(bench, wrk);
  const figures = chosen.flatMap(([, group]) => group.figuresOf(bench));
  await writeResult(run, figures, bench);
  if (isWhole) await writeReport(plan.quick ? RESULT_FOLDER : 'docs', run, figures, bench);
  printFigures(figures);
} catch (error) {
  process.stderr.write(`the bench failed: ${interrupted ? 'interrupted' : (error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  await stage.clear();
}
process.exit();
