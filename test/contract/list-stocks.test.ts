/** The list of all stock: page after page over both transports, exact while stock is added and sold. */
import { expect, test } from 'vitest';
import { useService } from '../support/service.ts';

const { database, service } = useService();

/** The skus on all pages, each read over the other transport than the page before. */
async function allPages(pageSize: number, between: (page: number) => Promise<unknown> = async () => {}) {
  const skus: number[] = [];
  for (let pageToken = '', pages = 1; ; pages++) {
    const client = service[pages % 2 === 0 ? 'rest' : 'grpc'];
    const answer = await client.call('listStocks', { pageSize, pageToken });
    if ('error' in answer) throw new Error(answer.error.message);
    const { stocks, nextPageToken } = answer.reply;
    skus.push(...stocks.map(({ sku }) => Number(sku)));
    if (nextPageToken === undefined) return { skus, pages };
    pageToken = nextPageToken;
    await between(pages);
  }
}

const stored = async () => {
  const rows = await database.query('SELECT sku FROM stocks ORDER BY sku');
  return rows.map(({ sku }) => Number(sku));
};

test('pages of any size hold every sku once, in ascending order', async () => {
  const skus = await stored();
  for (const pageSize of [1, 3, skus.length - 1, skus.length, skus.length + 1, 5_000]) {
    expect(await allPages(pageSize)).toEqual({ skus, pages: Math.ceil(skus.length / pageSize) });
  }
});

test('stock that is added or sold between two pages neither hides nor repeats other stock', async () => {
  const skus = await stored();
  const added = new Set<number>();
  const { skus: found } = await allPages(3, async (page) => {
    await database.query('INSERT INTO stocks VALUES ($1, 10, 0)', [page]);
    added.add(page);
    await service.rest.call('createOrder', { user: 1n, items: [{ sku: 1625903, count: 1 }] });
  });
  expect(found.filter((sku) => !added.has(sku))).toEqual(skus);
  expect(added.size).toBeGreaterThan(1);
});

test('each number is that of the stock, and what is available agrees in all reads of it', async () => {
  const sku = 2956315;
  await service.grpc.call('createOrder', { user: 1n, items: [{ sku, count: 7 }] });
  const list = await service.rest.call('listStocks', { pageSize: 1_000 });
  const batch = await service.grpc.call('batchGetStock', { skus: [sku] });
  const one = await service.rest.call('getStock', { sku });
  const row = 'reply' in list ? list.reply.stocks.find((each) => Number(each.sku) === sku) : undefined;
  expect(row ?? list).toEqual({ sku: BigInt(sku), total: 300n, reserved: 37n, count: 263n });
  expect(batch).toEqual({ reply: { stocks: [{ sku: BigInt(sku), count: 263n }], missing: [] } });
  expect(one).toEqual({ reply: { count: 263n } });
});

test('without a size a page holds 50, and at most 1,000', async () => {
  await database.query('INSERT INTO stocks SELECT sku, 10, 0 FROM generate_series(100, 1200) AS sku');
  const sizeOf = async (request: object) => {
    const answer = await service.rest.call('listStocks', request);
    return 'reply' in answer ? answer.reply.stocks.length : answer.error.message;
  };
  expect([await sizeOf({}), await sizeOf({ pageSize: 1_000_000 })]).toEqual([50, 1_000]);
});
