/**
 * The advisory locks of the service with one key. Those of users have two (`sql/orders.sql`), so none of
 * them can meet one of these.
 */

/** Held by the transaction that publishes events. */
export const PUBLISHER_LOCK = 0x6c6f6d73n;

/** Held by the transaction that removes movements of stock. */
export const MOVEMENT_REMOVAL_LOCK = PUBLISHER_LOCK + 1n;
