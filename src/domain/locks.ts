/**
 * The advisory locks of the service's transactions; that of migrations is in `db/schema/migrate.ts`. Locks
 * with one key never meet those with two.
 */

/** Held by the transaction that publishes events. */
export const PUBLISHER_LOCK = 0x6c6f6d73n;

/** Held by the transaction that removes movements of stock. */
export const MOVEMENT_REMOVAL_LOCK = PUBLISHER_LOCK + 1n;

/** The first key of the locks of users. */
export const USER_LOCKS = 0x75736572;

/**
 * The second key: users share locks, since all that are held at once have their places in memory that the
 * server allots at its start, some 6,400 as PostgreSQL is configured by default. Without a place, no
 * transaction could lock anything.
 */
const USER_GROUPS_BITS = 12;

/** The groups of users, each once. */
export function userGroupsOf(users: Iterable<bigint>): number[] {
  return [...new Set(Array.from(users, (user) => Number(BigInt.asUintN(USER_GROUPS_BITS, user))))];
}
