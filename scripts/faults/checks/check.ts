/**
 * The checker: finds all violations in a history and the final state of the database. Pure, a file for each
 * part.
 */
import { isDeepStrictEqual } from 'node:util';
import { checkAnswers } from './answers.ts';
import { checkCreates } from './creates.ts';
import type { Evidence, Violation } from './evidence.ts';
import { checkFeed } from './feed.ts';
import { checkFeedCauses } from './feed-causes.ts';
import { checkFeedReaders } from './feed-readers.ts';
import { checkFloods, checkProbes } from './floods.ts';
import { checkHolds } from './holds.ts';
import { checkKeys } from './keys.ts';
import { checkLedger } from './ledger.ts';
import { checkLog } from './log.ts';
import { checkOutages } from './outages.ts';
import { checkReads } from './reads.ts';
import { checkStock } from './stock.ts';
import { checkStockChanges } from './stock-changes.ts';
import { checkStockReads } from './stock-reads.ts';
import { checkStops } from './stops.ts';
import { checkTransitions } from './transitions.ts';

/** Finds all violations. */
export function check(evidence: Evidence): Violation[] {
  return parts.flatMap((part) => part(evidence));
}

const parts = [
  checkAnswers,
  checkCreates,
  checkKeys,
  checkTransitions,
  checkHolds,
  checkReads,
  checkStock,
  checkStockReads,
  checkLedger,
  checkStockChanges,
  checkFeed,
  checkFeedReaders,
  checkFeedCauses,
  checkOutages,
  checkFloods,
  checkProbes,
  checkReplica,
  checkStops,
  checkLog,
];

/** In the end the replica holds what the primary holds. */
function checkReplica({ final, replica }: Evidence): Violation[] {
  if (replica === undefined || isDeepStrictEqual(final, replica)) return [];
  const differing = final.orders.filter((order, index) => !isDeepStrictEqual(order, replica.orders[index]));
  const text = [
    `${replica.orders.length} orders of ${final.orders.length}`,
    `the first that differs is ${differing[0]?.orderId ?? 'none'}`,
    `${replica.movements.length} movements of ${final.movements.length}`,
    `${replica.batches.length} batches of events of ${final.batches.length}`,
  ].join(', ');
  return [{ kind: 'replica differs', text }];
}
