/** A log for tests that expect failures: it says nothing. */
import { pino } from 'pino';

export const quiet = pino({ level: 'silent' });
