/** The stock route. */
import { describe, expect, test } from 'vitest';
import { get, testApp, violations } from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';

describe('stock', () => {
  test('is the count that can be ordered now', async () => {
    expect(await get(testApp(), '/stock/info/1625903')).toEqual({ status: 200, text: '{"count":10000}' });
  });

  test('is printed digit for digit above 2^53', async () => {
    const app = testApp({ loms: new MemoryLoms(1n, { 4294967295: 9_007_199_254_740_993n }) });
    expect((await get(app, '/stock/info/4294967295')).text).toBe('{"count":9007199254740993}');
  });

  test('of an unknown sku is not found', async () => {
    const response = await get(testApp(), '/stock/info/7');
    expect(response.status).toBe(404);
    expect(JSON.parse(response.text).details[0]).toMatchObject({
      reason: 'STOCK_NOT_FOUND',
      metadata: { sku: '7' },
    });
  });

  test.each(['0', '-1', 'abc', '1.0', '1e3', '007', '4294967296', '9007199254740993', '1,2'])(
    'of the invalid sku %s is refused',
    async (sku) => {
      expect(violations(await get(testApp(), `/stock/info/${sku}`))).toEqual(['sku']);
    },
  );
});
