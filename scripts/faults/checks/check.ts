/**
 * The checker: what a history and the final state of the database must not show. Pure; every part of it has its
 * own file.
 */
import { checkAnswers } from './answers.ts';
import { checkCreates } from './creates.ts';
import type { Evidence, Violation } from './evidence.ts';
import { checkLog } from './log.ts';
import { checkMoves } from './moves.ts';
import { checkReads } from './reads.ts';
import { checkStock } from './stock.ts';
import { checkStockReads } from './stock-reads.ts';

/** Finds everything that is wrong. */
export function check(evidence: Evidence): Violation[] {
  return [checkAnswers, checkCreates, checkMoves, checkReads, checkStock, checkStockReads, checkLog].flatMap(
    (part) => part(evidence),
  );
}
