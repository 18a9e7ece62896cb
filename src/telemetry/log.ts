/**
 * The log: one JSON object a line, or text with colours on a terminal.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';

/**
 * What must never be seen, should something with it be logged by mistake: nothing here logs credentials, and a
 * test reads what is logged. The connection that `pg` hangs on its errors holds more than anybody wants to read.
 */
const SECRETS = ['authorization', 'password', 'connectionString', 'key', 'token', 'client', 'headers'];

const redact = {
  paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  censor: '***',
};

/** Opens the log at a level of pino. Times are RFC 3339 in UTC. */
export function openLog(level: string): Logger {
  const pretty = { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } };
  return pino({
    level,
    redact,
    timestamp: stdTimeFunctions.isoTime,
    ...(process.stdout.isTTY ? pretty : {}),
  });
}
