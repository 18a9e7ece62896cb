/** The statements of the fault runs. */
import { readStatements } from '../lib/statements.ts';

export const statements = readStatements(
  new URL('faults.sql', import.meta.url),
  'stockInsert',
  'sessionSignal',
  'overdueRead',
  'finalOrdersRead',
  'finalStocksRead',
  'finalMovementsRead',
  'finalKeysRead',
  'finalBatchesRead',
  'feedHeadRead',
  'publisherRead',
  'waitingBatchesLock',
);
