/** Reads the configuration, starts the app, and stops it on a terminating signal. */
import type { Logger } from 'pino';
import { type App, startApp } from './app/app.ts';
import { authorityOf } from './config/addresses.ts';
import { type Config, ConfigError, readConfig } from './config/config.ts';
import { openLog, toggleDebug } from './telemetry/log.ts';
import { isNodeSupported, version } from './telemetry/version.ts';

/** SIGHUP comes when the terminal is closed, SIGQUIT from Ctrl-\: to die of them leaves PostgreSQL behind. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

async function main(): Promise<void> {
  const config = configOrExit();
  const logger = openLog(config.log.level);
  process.on('SIGUSR2', toggleDebug(logger));
  const { node } = process.versions;
  logger.info({ version, node }, 'loms starts');
  if (!isNodeSupported(node))
    logger.warn({ node }, 'this Node.js is out of support: it gets no security fixes, use 24 or 26');
  for (const warning of config.warnings) logger.warn(warning);
  const aborted = new AbortController();
  const starting = startApp(config, logger, aborted.signal);
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      // A second signal changes nothing: to die of it would leave PostgreSQL's processes behind.
      if (aborted.signal.aborted) return;
      aborted.abort(new Error(`stopped by ${signal}`));
      void stopAndExit(starting, signal, config, logger);
    });
  }
  try {
    const { httpPort, grpcPort, probePort } = await starting;
    const rest = `${config.tls ? 'https' : 'http'}://${authorityOf(config.http.host, httpPort)}`;
    const docs = config.docs ? { docs: `${rest}/docs` } : {};
    const grpc = authorityOf(config.grpc.host, grpcPort);
    const probes = probePort ? { probes: `http://${authorityOf(config.http.host, probePort)}` } : {};
    logger.info({ rest, ...docs, grpc, ...probes, auth: config.auth ? 'jwt' : 'none' }, 'loms listens');
  } catch (error) {
    if (aborted.signal.aborted) return;
    // Where a port is in use, the message is enough.
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') logger.fatal(`loms could not start: ${message}`);
    else logger.fatal({ err: error }, 'loms could not start');
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
  // It also keeps the process alive: a step that waits for nothing must not end it before the next ones.
  setTimeout(
    () => {
      logger.fatal('did not stop in time');
      process.exit(1);
    },
    config.shutdownDelayMs + 2 * config.shutdownTimeoutMs,
  );
  const app = await starting.catch(() => undefined);
  await app?.stop().catch((error) => logger.error({ err: error }, 'stopping failed'));
  logger.info('stopped');
  process.exit();
}

await main();
