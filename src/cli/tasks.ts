/**
 * The database chores by themselves, for make and for operators who switched them off
 * at start:
 *
 *     node dist/cli/tasks.js migrate
 *     node dist/cli/tasks.js seed [development | large]
 *     node dist/cli/tasks.js clean                         removes the embedded cluster with its data
 *
 * Without DATABASE_URL they work on the embedded cluster: on the one that is running, or on one that is
 * started for them.
 */
import pg from 'pg';
import type { Logger } from 'pino';
import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { databaseUrls, migrationUrl } from '../config/urls.ts';
import { migrate } from '../db/schema/migrate.ts';
import { seed } from '../db/schema/seed.ts';
import { urlOf } from '../embedded/bootstrap.ts';
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
  const running = await runningPrimary(config, logger);
  if (running !== undefined) return use(running);
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

/** The primary among the configured nodes, or the embedded one where none are configured and it runs. */
async function runningPrimary(config: Config, logger: Logger): Promise<string | undefined> {
  const urls = databaseUrls(config);
  if (urls.length === 0) return runningEmbedded(config);
  const router = openRouter(config, logger, urls);
  try {
    return migrationUrl(config, await router.waitForPrimary(config.START_TIMEOUT_MS));
  } finally {
    await router.stop();
  }
}

/** The embedded primary's URL when a service has it running. */
async function runningEmbedded(config: Config): Promise<string | undefined> {
  const url = urlOf(config.EMBEDDED_PRIMARY_PORT);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: config.CONNECT_TIMEOUT_MS });
  const answers = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end();
  return answers ? url : undefined;
}

try {
  const config = readConfig(process.env);
  await run(process.argv.slice(2), config, openLog(config.LOG_LEVEL));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
