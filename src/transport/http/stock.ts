/** The operations on stock over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { Loms } from '../../domain/operations.ts';
import { stockNotFound } from '../../domain/refusals.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { asText, int64Reply, uint32 } from './fields.ts';
import { responses } from './openapi.ts';
import { parameterReader } from './request.ts';
import { route } from './route.ts';

const tags = ['stock'];

export const skuParameter = asText(uint32(contract.GetStockRequest.sku, 'The stock keeping unit.', 1625903));

const readSku = parameterReader('GetStockRequest', z.object({ sku: skuParameter }), { sku: 'sku' });

const getStockReply = z
  .object({
    count: int64Reply('Pieces that can be ordered now: the stock without what is reserved.', 10_000),
  })
  .openapi('GetStockResponse');

/** The routes of the operations on stock. */
export function stockRoutes(loms: Loms) {
  return {
    getStock: route({
      document: {
        method: 'get',
        path: '/stock/info/{sku}',
        tags,
        summary: 'Read how many pieces of a sku can be ordered',
        description: 'Returns the stock without what is reserved. A sku without stock is not found.',
        request: { params: z.object({ sku: skuParameter }) },
        responses: responses(
          {
            schema: getStockReply,
            description: 'The stock without what is reserved.',
            example: { count: 10_000 },
          },
          [invalidFields('GetStockRequest', ['sku']), stockNotFound(1625903)],
        ),
      },
      read: readSku,
      run: ({ sku }, call) => loms.getStock(sku, call),
      print: ({ count }) => `{"count":${count}}`,
    }),
  };
}
