/** Waiting until nodes agree: what one of them has shown is then visible on all. */
import { vi } from 'vitest';
import type { TestDatabase } from './database.ts';

/**
 * Waits until whatever a node has shown of a database is visible on its primary and replica. A write of its
 * own proves it for the replica, which applies writes in order. The primary may show a write later than the
 * replica, since it waits for it: so those under way must have ended there. To wait for a time would not do:
 * a slow disk holds up either node for as long as it likes.
 */
export async function settle({ query }: TestDatabase): Promise<void> {
  await query(`SELECT pg_logical_emit_message(true, 'settle', '')`);
  const writing = () =>
    query(`SELECT backend_xid::text AS xid FROM pg_stat_activity
           WHERE datname = current_database() AND backend_xid IS NOT NULL`);
  const before = new Set((await writing()).map(({ xid }) => xid));
  await vi.waitFor(
    async () => {
      const open = (await writing()).filter(({ xid }) => before.has(xid));
      if (open.length > 0) throw new Error(`${open.length} writes are under way`);
    },
    { timeout: 10_000, interval: 2 },
  );
}
