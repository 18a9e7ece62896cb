/** Skips order ids after a restore, so that none that a client may still hold is given out again. */
import type { Logger } from 'pino';
import { advanceOrderIds as advance } from '../../generated/sql/schema.ts';
import { withClient } from './client.ts';

/**
 * Moves the ids of new orders ahead.
 *
 * @param url the primary, with the login of the schema's owner.
 * @param count how many ids are skipped: more than were given out since the moment that was restored.
 */
export async function advanceOrderIds(url: string, count: bigint, log: Logger): Promise<void> {
  const [row] = await withClient(url, log, {}, (client) => advance.run({ count }, client));
  log.info({ skipped: count, lastSkipped: row?.lastSkipped }, 'order ids moved ahead');
}
