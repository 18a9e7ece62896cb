/** A logger without output, for tests that expect failures. */
import { pino } from 'pino';
import { monotonicMs } from '../../src/timing/clock.ts';
import { RequestLog } from '../../src/transport/request-log.ts';

export const quiet = pino({ level: 'silent' });

/** An access log without lines. */
export const quietRequests = new RequestLog({ logger: quiet, now: monotonicMs, errors: false, share: 0 });
