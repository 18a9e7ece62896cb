/** The log: one JSON object a line, or text with colours on a terminal. */
import { type Logger, pino, stdTimeFunctions } from 'pino';

/**
 * Never shown, in case something that holds it is logged by mistake: nothing here logs credentials, and a
 * test reads what is logged. `client` is the connection that `pg` attaches to its errors.
 */
const SECRETS = ['authorization', 'password', 'connectionString', 'key', 'token', 'client', 'headers'];

const redact = {
  paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  censor: '***',
};

/**
 * Opens the log at a level of pino. Times are RFC 3339 in UTC.
 *
 * @param output 1 is the standard output, 2 that of errors, for programs whose output is their result.
 */
export function openLog(level: string, output: 1 | 2 = 1): Logger {
  const options = { level, redact, timestamp: stdTimeFunctions.isoTime };
  const stream = output === 1 ? process.stdout : process.stderr;
  if (!stream.isTTY) return pino(options, pino.destination(output));
  const prettyOptions = { ignore: 'pid,hostname', destination: output };
  const pretty = pino.transport({ target: 'pino-pretty', options: prettyOptions });
  // The terminal may be closed, which stops the service: its log must not end it in the middle of that.
  pretty.on('error', () => {});
  return pino(options, pretty);
}

/**
 * Makes the function that switches a log to level debug, and back to the level it has now. Loggers that were
 * made of it before keep their own.
 */
export function toggleDebug(logger: Logger): () => void {
  const { level } = logger;
  return () => {
    const next = logger.level === 'debug' ? level : 'debug';
    // Shown by the more verbose one of the two.
    if (next === 'debug') logger.level = next;
    logger.info({ logLevel: next }, 'log level switched');
    logger.level = next;
  };
}
