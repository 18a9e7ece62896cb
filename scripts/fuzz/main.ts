/**
 * `make fuzz`: sends bad and good input to a service of its own, on a cluster of its own, and checks every answer.
 *
 *     node --import tsx scripts/fuzz/main.ts [--cases n] [--seed n] [--only index]
 *
 * A case is found again by seed and index: `--seed 7 --only 1234`.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { migrate, seed as seedStock } from '../../src/db/migrate.ts';
import { startTemporaryCluster } from '../../test/temporary-cluster.ts';
import { startServer } from '../support/server.ts';
import { COLLECTING } from './memory.ts';
import { describeReport, describeWrong, hasGrown } from './report.ts';
import { fuzz, type Plan } from './run.ts';
import { openFilledBooks } from './stock.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
  },
});

const closers: (() => Promise<unknown>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void clear().then(() => process.exit(1)));
}

async function clear(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Runs the cases; the exit code says whether all is well. */
async function main(plan: Plan): Promise<void> {
  const { cluster, remove } = await startTemporaryCluster();
  closers.push(remove);
  const log = pino({ level: 'warn' });
  await migrate(cluster.primaryUrl, log);
  await seedStock(cluster.primaryUrl, 'development', log);
  const books = await openFilledBooks(cluster.primaryUrl);
  closers.push(() => books.close());
  const server = await startServer([...COLLECTING, '--enable-source-maps', 'dist/main.js'], {
    PATH: process.env.PATH,
    HTTP_PORT: '0',
    GRPC_PORT: '0',
    DATABASE_URL: cluster.primaryUrl,
    DATABASE_REPLICA_URLS: cluster.replicaUrls.join(','),
  });
  closers.push(() => server.end());

  const report = await fuzz(server, plan);
  for (const wrong of report.wrong) process.stdout.write(`\n${describeWrong(wrong)}\n`);
  process.stdout.write(`\n${describeReport(report)}\n`);
  const alive = await fetch(`http://127.0.0.1:${server.ports.REST}/readyz`);
  const orders = await books.audit();
  process.stdout.write(`readyz answers ${alive.status}; the books balance over ${orders} orders\n`);
  if (!alive.ok || report.wrong.length > 0 || hasGrown(report)) process.exitCode = 1;
}

try {
  const [cases, seed] = [Number(values.cases), Number(values.seed)];
  process.stdout.write(`fuzz: ${cases} cases from seed ${seed}\n`);
  await main({
    cases,
    seed,
    ...(values.only !== undefined && { only: Number(values.only) }),
    onProgress: (done) => process.stdout.write(`\r${done} of ${cases} cases`),
  });
} catch (error) {
  process.stderr.write(`the fuzz run failed: ${(error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  await clear();
}
process.exit();
