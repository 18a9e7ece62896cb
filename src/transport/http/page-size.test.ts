/** The size of a page, in every list: however large it is, it is coerced and not refused. */
import { describe, expect, test } from 'vitest';
import { get, testApp, violations } from '../../../test/support/http-app.ts';
import type { Loms } from '../../domain/operations.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';

/** The sizes that lists were requested with. */
const sizes: number[] = [];

const list = async ({ pageSize }: { readonly pageSize: number }) => {
  sizes.push(pageSize);
  return refused(fixedRefusals.internal);
};
const lists = { listOrders: list, listStocks: list, explainStock: list, listStockMovements: list };
const app = testApp({ loms: { ...lists, listEvents: list, listStockChanges: list } as Partial<Loms> });

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
}

const document = JSON.parse((await get(app, '/openapi.json')).text);
const paths = Object.entries<{ readonly get?: Operation }>(document.paths)
  .filter(([, { get: operation }]) => operation?.parameters?.some(({ name }) => name === 'page_size'))
  .map(([path]) => path.replace('{sku}', '7'));

test('six lists have pages', () => {
  expect(paths).toHaveLength(6);
});

describe.each(paths)('%s', (path) => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['2147483647', 2_147_483_647],
    ['2147483648', 2_147_483_647],
    ['9223372036854775808', 2_147_483_647],
  ])('?page_size=%s', async (sent, read) => {
    await get(app, `${path}?page_size=${sent}`);
    expect(sizes.splice(0)).toEqual([read]);
  });

  test('a size of 400 digits', async () => {
    await get(app, `${path}?page_size=${'9'.repeat(400)}`);
    expect(sizes.splice(0)).toEqual([2_147_483_647]);
  });

  test('without a size', async () => {
    await get(app, path);
    expect(sizes.splice(0)).toEqual([0]);
  });

  test.each(['-1', '', '1.0', '1e3', '007', '0x10', 'Infinity', '1&page_size=2'])(
    '?page_size=%s is refused',
    async (sent) => {
      expect(violations(await get(app, `${path}?page_size=${sent}`))).toEqual(['pageSize']);
      expect(sizes).toEqual([]);
    },
  );
});
