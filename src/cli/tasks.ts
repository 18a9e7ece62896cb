/**
 * Tasks on the database, for make and for operators who switched them off at start:
 *
 *     node dist/cli/tasks.js migrate
 *     node dist/cli/tasks.js seed [development | large | refill]
 *     node dist/cli/tasks.js advance-order-ids 1000000     after a restore: see docs/backup.md
 *     node dist/cli/tasks.js audit [--json] [--repair]     audits the stock; exit code 2: faults are left
 *     node dist/cli/tasks.js clean                         removes the embedded cluster with its data
 *
 * Without DATABASE_URL they work on the embedded cluster, and start what of it does not run.
 */
import type { Logger } from 'pino';
import { openDatabase } from '../app/app.ts';
import { type Closers, closeAll } from '../app/lifecycle.ts';
import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { migrate } from '../db/schema/migrate.ts';
import { advanceOrderIds } from '../db/schema/order-ids.ts';
import { seed } from '../db/schema/seed.ts';
import { migrationUrl } from '../db/urls.ts';
import { openLog } from '../telemetry/log.ts';
import { AUDIT_USAGE, audit, type Router } from './audit.ts';

const USAGE = `usage: tasks migrate | seed [set] | advance-order-ids <count> | ${AUDIT_USAGE} | clean`;

interface Target {
  /** The primary, with the login of the schema's owner. */
  readonly url: string;
  /** With the login of the service. */
  readonly router: Router;
  readonly logger: Logger;
  /** How long to wait for a connection, and for another process that migrates, in milliseconds. */
  readonly timeoutMs: number;
}

/** What is done on the primary. */
const databaseTasks: Record<string, (target: Target, ...words: string[]) => Promise<void>> = {
  migrate: ({ url, logger, timeoutMs }) => migrate(url, logger, { timeoutMs }),
  async seed({ url, logger, timeoutMs }, set = 'development') {
    await migrate(url, logger, { timeoutMs });
    await seed(url, set, logger, { timeoutMs });
  },
  async 'advance-order-ids'({ url, logger }, count = '') {
    if (!/^[1-9]\d{0,17}$/.test(count)) throw new Error(`how many ids are to be skipped? ${USAGE}`);
    await advanceOrderIds(url, BigInt(count), logger);
  },
  async audit({ router }, ...flags) {
    process.exitCode = await audit(router, flags, (line) => process.stdout.write(`${line}\n`));
  },
};

async function run(words: readonly string[], config: Config, logger: Logger): Promise<void> {
  const [task, ...more] = words;
  if (task === 'clean') {
    const { removeEmbeddedCluster } = await import('../embedded/cluster.ts');
    return removeEmbeddedCluster({ ...config.embedded, logger });
  }
  const work = databaseTasks[task ?? ''];
  if (work === undefined) throw new Error(USAGE);
  const closers: Closers = [];
  try {
    const router = await openDatabase(config, logger, closers);
    const primary = await router.waitForPrimary(config.start.timeoutMs);
    const url = migrationUrl(primary.url, config.database.migrationUrl);
    await work({ url, router, logger, timeoutMs: config.start.timeoutMs }, ...more);
  } finally {
    await closeAll(closers);
  }
}

try {
  const config = readConfig(process.env);
  const words = process.argv.slice(2);
  // The output of an audit is its result.
  await run(words, config, openLog(config.log.level, words[0] === 'audit' ? 2 : 1));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
