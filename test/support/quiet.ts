/** A logger without output, for tests that expect failures. */
import { pino } from 'pino';

export const quiet = pino({ level: 'silent' });
