/**
 * The list of all stock, in ascending order of skus, by keyset pages: a page begins behind the last sku of
 * the page before, so no sku is skipped or listed twice while stock changes.
 */
import type { Queryable } from '../../db/types.ts';
import { stockList } from '../../generated/sql/stocks.ts';
import type { Call } from '../call.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { onePage, pageSizeOf, pageToken, positionOf } from '../page.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { type Stock, stockOf } from './stock.ts';

export interface ListStocksRequest {
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

/** A request as a batch takes it. */
export interface StockPageToRead {
  readonly pageSize: number;
  /** Lists larger skus. */
  readonly after: bigint;
}

export interface StockPage {
  readonly stocks: readonly Stock[];
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
}

/** Names the list in its tokens. */
const LIST = 'stocks';

const badToken = refused(invalidFields('ListStocksRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that is not of this list. */
export function prepareStockPage(
  { pageSize, pageToken: token }: ListStocksRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<StockPageToRead> {
  const after = token === '' ? 0n : positionOf(pageTokenKey, LIST, token);
  return after === undefined ? badToken : accepted({ pageSize: pageSizeOf(pageSize), after });
}

/** Reads a page for each request. */
export async function listStocks(
  db: Queryable,
  requests: readonly StockPageToRead[],
  { pageTokenKey }: Settings,
): Promise<Outcome<StockPage>[]> {
  const pages: Outcome<StockPage>[] = [];
  for (const { pageSize, after } of requests) {
    const rows = await stockList.run({ after, limit: BigInt(pageSize + 1) }, db);
    const { listed, last } = onePage(rows, pageSize);
    const stocks = listed.map(stockOf);
    pages.push(accepted({ stocks, nextPageToken: last && pageToken(pageTokenKey, LIST, last.sku) }));
  }
  return pages;
}
