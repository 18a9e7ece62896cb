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

/** Opens the log at a level of pino. Times are RFC 3339 in UTC. */
export function openLog(level: string): Logger {
  const options = { level, redact, timestamp: stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options);
  const pretty = pino.transport({ target: 'pino-pretty', options: { ignore: 'pid,hostname' } });
  // The terminal may be closed, which stops the service: its log must not end it in the middle of that.
  pretty.on('error', () => {});
  return pino(options, pretty);
}
