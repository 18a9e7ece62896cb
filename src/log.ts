/**
 * The log: one JSON object a line, or text with colours on a terminal.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';

/** Opens the log at a level of pino. Times are RFC 3339 in UTC. */
export function openLog(level: string): Logger {
  const pretty = { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } };
  return pino({ level, timestamp: stdTimeFunctions.isoTime, ...(process.stdout.isTTY ? pretty : {}) });
}
