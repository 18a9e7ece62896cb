/**
 * `make fuzz`: sends valid and invalid input to services on a cluster of their own, and checks every answer.
 *
 *     node --import tsx scripts/fuzz/main.ts [--cases n] [--seed n] [--only index]
 *
 * A case is repeated by its seed and index: `--seed 7 --only 1234`. A run of 50,000 cases or more also writes
 * its figures into `docs/reliability.md`. README.md is a tour of the files.
 */
import { pino } from 'pino';
import { migrate } from '../../src/db/schema/migrate.ts';
import { seed as seedStock } from '../../src/db/schema/seed.ts';
import { asBuilt } from '../../test/support/process.ts';
import { startTemporaryCluster } from '../../test/support/temporary-cluster.ts';
import { BadArgument } from '../lib/arguments.ts';
import { type Figure, showFigures } from '../lib/report.ts';
import { figuresOf, writeFigures } from './figures.ts';
import { CASES_MIN, type Plan, readPlan } from './plan.ts';
import { describeFinding, describeReport } from './report.ts';
import { fuzz } from './run.ts';
import { startServices } from './services.ts';
import { fillStock } from './stock.ts';

const closers: (() => Promise<unknown>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void clear().then(() => process.exit(1)));
}

async function clear(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Runs the cases, and sets the exit code. */
async function main(plan: Plan): Promise<void> {
  const { cluster, remove } = await startTemporaryCluster();
  closers.push(remove);
  const log = pino({ level: 'warn' });
  await migrate(cluster.primaryUrl, log);
  await seedStock(cluster.primaryUrl, 'development', log);
  const audit = await fillStock(cluster.primaryUrl);
  closers.push(() => audit.close());
  const services = await startServices(asBuilt, cluster);
  closers.push(services.end);

  const report = await fuzz(services, plan, (done) => process.stdout.write(`\r${done} cases`));
  for (const finding of report.findings) process.stdout.write(`\n${describeFinding(finding)}\n`);
  process.stdout.write(`\n${describeReport(report)}\n`);
  await services.areReady();
  const orders = await audit.run();
  process.stdout.write(`both services are ready; the ledger audit passed over ${orders} orders\n`);
  if (report.findings.length > 0) process.exitCode = 1;
  if (report.cases >= CASES_MIN) await reportFigures(plan.seed, figuresOf(report));
}

async function reportFigures(seed: number, figures: readonly Figure[]): Promise<void> {
  showFigures(figures);
  if (figures.some(({ reached }) => !reached)) process.exitCode = 1;
  await writeFigures(seed, figures);
}

try {
  const plan = readPlan(process.argv.slice(2));
  const { cases, seed, only } = plan;
  const what = only === undefined ? `${cases} cases` : `case ${only}`;
  process.stdout.write(`fuzz: ${what} from seed ${seed}\n`);
  await main(plan);
} catch (error) {
  const { message, stack } = error as Error;
  process.stderr.write(error instanceof BadArgument ? `${message}\n` : `the fuzz run failed: ${stack}\n`);
  process.exitCode = 1;
} finally {
  await clear();
}
process.exit();
