/**
 * Tasks on the database, for make and for operators who switched them off at start:
 *
 *     node dist/cli/tasks.js migrate
 *     node dist/cli/tasks.js seed [development | large]
 *     node dist/cli/tasks.js clean                         removes the embedded cluster with its data
 *
 * Without DATABASE_URL they work on the embedded cluster, and start what of it does not run.
 */
import type { Logger } from 'pino';
import { type Closers, closeAll, openDatabase } from '../app.ts';
import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { migrate } from '../db/schema/migrate.ts';
import { seed } from '../db/schema/seed.ts';
import { migrationUrl } from '../db/urls.ts';
import { openLog } from '../telemetry/log.ts';

async function run(words: readonly string[], config: Config, logger: Logger): Promise<void> {
  const [task, name = 'development'] = words;
  if (task === 'clean') {
    const { removeEmbeddedCluster } = await import('../embedded/cluster.ts');
    return removeEmbeddedCluster(config.embedded.dir, logger);
  }
  if (task !== 'migrate' && task !== 'seed') throw new Error('usage: tasks migrate | seed [set] | clean');
  const closers: Closers = [];
  try {
    const router = await openDatabase(config, logger, closers);
    const primary = await router.waitForPrimary(config.start.timeoutMs);
    const url = migrationUrl(primary.url, config.database.migrationUrl);
    await migrate(url, logger, { lockTimeoutMs: config.start.timeoutMs });
    if (task === 'seed') await seed(url, name, logger);
  } finally {
    await closeAll(closers);
  }
}

try {
  const config = readConfig(process.env);
  await run(process.argv.slice(2), config, openLog(config.log.level));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
