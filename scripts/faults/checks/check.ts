/**
 * The checker: what a history and the final state of the database must not show. Pure; every part of it has its
 * own file.
 */
import { checkAnswers } from './answers.ts';
import { checkCreates } from './creates.ts';
import type { Evidence, Violation } from './evidence.ts';
import { checkKeys } from './keys.ts';
import { checkLog } from './log.ts';
import { checkMoves } from './moves.ts';
import { checkOutages } from './outages.ts';
import { checkReads } from './reads.ts';
import { checkReplica } from './replica.ts';
import { checkStock } from './stock.ts';
import { checkStockReads } from './stock-reads.ts';
import { checkStops } from './stops.ts';

/** Finds everything that is wrong. */
export function check(evidence: Evidence): Violation[] {
  return parts.flatMap((part) => part(evidence));
}

const parts = [
  checkAnswers,
  checkCreates,
  checkKeys,
  checkMoves,
  checkReads,
  checkStock,
  checkStockReads,
  checkOutages,
  checkReplica,
  checkStops,
  checkLog,
];
