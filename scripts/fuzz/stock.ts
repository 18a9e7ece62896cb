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
  // The order of the seed set would be payed or cancelled by some case.
  await audit.reset();
  return audit;
}
