/** Reads the configuration, starts the app, and stops it on SIGTERM or SIGINT. */
import type { Logger } from 'pino';
import { type App, startApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config/config.ts';
import { openLog } from './telemetry/log.ts';

async function main(): Promise<void> {
  const config = configOrExit();
  const logger = openLog(config.log.level);
  for (const warning of config.warnings) logger.warn(warning);
  const aborted = new AbortController();
  const starting = startApp(config, logger, aborted.signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal changes nothing: to die of it would leave PostgreSQL's processes behind.
      if (aborted.signal.aborted) return;
      aborted.abort(new Error(`stopped by ${signal}`));
      void stopAndExit(starting, signal, config, logger);
    });
  }
  try {
    const { httpPort, grpcPort } = await starting;
    const rest = `${config.tls ? 'https' : 'http'}://${config.http.host}:${httpPort}`;
    const docs = config.docs ? { docs: `${rest}/docs` } : {};
    const grpc = `${config.grpc.host}:${grpcPort}`;
    logger.info({ rest, ...docs, grpc, auth: config.auth ? 'jwt' : 'none' }, 'loms listens');
  } catch (error) {
    if (aborted.signal.aborted) return;
    logger.fatal({ err: error }, 'loms could not start');
    process.exitCode = 1;
  }
}

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Stops the app at any point of its start. The limit is for what the app's own limits do not cover. */
async function stopAndExit(starting: Promise<App>, signal: string, config: Config, logger: Logger) {
  logger.info({ signal }, 'stopping');
  const limit = setTimeout(() => {
    logger.fatal('did not stop in time');
    process.exit(1);
  }, 2 * config.shutdownTimeoutMs);
  limit.unref();
  const app = await starting.catch(() => undefined);
  await app?.stop().catch((error) => logger.error({ err: error }, 'stopping failed'));
  logger.info('stopped');
  process.exit();
}

await main();
