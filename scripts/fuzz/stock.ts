/** The stock of the cases, with its ledger audit. */
import { query } from '../../test/support/query.ts';
import { LedgerAudit } from '../lib/ledger-audit.ts';
import { readStatements } from '../lib/statements.ts';

const { stockFill } = readStatements(new URL('stock.sql', import.meta.url), 'stockFill');

/** Adds stock to a database that has the seed set `development`, and begins its ledger audit. */
export async function fillStock(url: string): Promise<LedgerAudit> {
  await query(url, stockFill);
  const audit = new LedgerAudit(url, 'fuzz');
  await audit.begin();
  // The seed set has stock reserved that no order holds.
  await audit.reset();
  return audit;
}
