/** The operation on stock. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { invalidRequest, stockNotFound } from '../../domain/errors.ts';
import { responses } from './openapi.ts';
import { addOperation, type OperationRoute } from './operation.ts';
import type { HttpAppOptions } from './options.ts';
import { readParameter } from './request.ts';
import { getStockReply, skuParameter } from './schemas.ts';

const getStockRoute = {
  method: 'get',
  path: '/stock/info/{sku}',
  operationId: 'getStock',
  tags: ['stock'],
  summary: 'Tell how many pieces of a sku can be ordered',
  request: { params: z.object({ sku: skuParameter }) },
  responses: responses(
    { schema: getStockReply, description: 'The stock without what is reserved.', example: { count: 10_000 } },
    [invalidRequest(['sku']), stockNotFound(1625903)],
  ),
} satisfies OperationRoute;

/** Adds the operation on stock. */
export function addStockRoutes(app: OpenAPIHono, options: HttpAppOptions): void {
  const { loms } = options;
  addOperation(app, options, {
    route: getStockRoute,
    read: (c) => readParameter(c, 'sku', 'sku', skuParameter),
    run: (sku, call) => loms.getStock(sku, call),
    print: ({ count }) => `{"count":${count}}`,
  });
}
