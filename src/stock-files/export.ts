/**
 * Exports all stock in the form that an import reads: the columns sku, count and expected. Both numbers are
 * the total, so the file without a change imports nothing. Where count is changed, expected makes of it a
 * change for the total that the file knows: it erases no sale, and is refused where the stock has changed.
 */
import { messageOf, type Rest, ServiceRefused } from './rest.ts';

const PAGE_SIZE = 1_000;

interface Stock {
  readonly sku: bigint;
  readonly total: bigint;
}

/**
 * Yields the file in pieces, a page of the list each.
 *
 * @param onProgress called with the number of skus so far.
 * @throws ServiceRefused when the service does not answer, or refuses.
 */
export async function* exportStock(rest: Rest, onProgress: (skus: number) => void): AsyncGenerator<string> {
  let skus = 0;
  yield 'sku,count,expected\n';
  for await (const stocks of listStock(rest)) {
    yield stocks.map(({ sku, total }) => `${sku},${total},${total}\n`).join('');
    skus += stocks.length;
    onProgress(skus);
  }
}

/**
 * Yields all stock, in the order of the skus, a page each.
 *
 * @throws ServiceRefused when the service does not answer, or refuses.
 */
export async function* listStock(rest: Rest): AsyncGenerator<readonly Stock[]> {
  let token = '';
  do {
    const query = token === '' ? '' : `&page_token=${encodeURIComponent(token)}`;
    const reply = await rest.get(`/stock/list?page_size=${PAGE_SIZE}${query}`);
    if (!reply.ok) throw new ServiceRefused(messageOf(reply.status, reply.failure));
    yield reply.body.stocks as Stock[];
    token = String(reply.body.nextPageToken ?? '');
  } while (token !== '');
}
