/**
 * The database chores by themselves, for make and for operators who switched them off
 * at start:
 *
 *     node dist/cli/tasks.js migrate
 *     node dist/cli/tasks.js seed [development | large]
 *     node dist/cli/tasks.js clean                         removes the embedded cluster with its data
 *
 * Without DATABASE_URL they work on the embedded cluster: on the servers that run, or on servers started for the
 * task.
 */
import type { Logger } from 'pino';
import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { databaseUrls, migrationUrl } from '../config/urls.ts';
import { migrate, seed } from '../db/schema/migrate.ts';
import { removeEmbeddedCluster, startEmbeddedCluster } from '../embedded/cluster.ts';
import { openRouter } from '../nodes.ts';
import { openLog } from '../telemetry/log.ts';

async function run(words: readonly string[], config: Config, logger: Logger): Promise<void> {
  const [task, name = 'development'] = words;
  if (task === 'clean') return removeEmbeddedCluster(config.EMBEDDED_DIR, logger);
  if (task !== 'migrate' && task !== 'seed') throw new Error('what to do: migrate, seed [set], or clean');
  await withPrimary(config, logger, async (url) => {
    await migrate(url, logger);
    if (task === 'seed') await seed(url, name, logger);
  });
}

async function withPrimary(
  config: Config,
  logger: Logger,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const urls = databaseUrls(config);
  if (urls.length > 0) return use(await configuredPrimary(config, logger, urls));
  const {
    EMBEDDED_DIR: dir,
    EMBEDDED_PRIMARY_PORT: primaryPort,
    EMBEDDED_REPLICA_PORT: replicaPort,
  } = config;
  const cluster = await startEmbeddedCluster({ dir, primaryPort, replicaPort, logger });
  try {
    await use(cluster.primaryUrl);
  } finally {
    await cluster.stop();
  }
}

/** The primary among the configured nodes. */
async function configuredPrimary(config: Config, logger: Logger, urls: readonly string[]): Promise<string> {
  const router = openRouter(config, logger, urls);
  try {
    return migrationUrl(config, await router.waitForPrimary(config.START_TIMEOUT_MS));
  } finally {
    await router.stop();
  }
}

try {
  const config = readConfig(process.env);
  await run(process.argv.slice(2), config, openLog(config.LOG_LEVEL));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
