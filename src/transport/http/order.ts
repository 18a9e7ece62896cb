/** The operations on orders. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  insufficientStock,
  invalidRequest,
  orderNotCancellable,
  orderNotFound,
  orderNotPayable,
  type Refusal,
  standing,
} from '../../domain/errors.ts';
import type { Order } from '../../domain/orders/order.ts';
import { responses } from './openapi.ts';
import { addOperation, type OperationRoute } from './operation.ts';
import type { HttpAppOptions } from './options.ts';
import { bodyReader, readParameter } from './request.ts';
import {
  createOrderReply,
  createOrderRequest,
  emptyReply,
  getOrderReply,
  idempotencyKeyHeader,
  orderIdParameter,
  orderIdRequest,
} from './schemas.ts';

const tags = ['order'];

/** What every operation with a body that changes something can answer besides its own refusals. */
const writeRefusals = [standing.requestTooLarge, standing.outcomeUnknown];

const createOrderRoute = {
  method: 'post',
  path: '/order/create',
  operationId: 'createOrder',
  tags,
  summary: 'Create an order and reserve its stock',
  description:
    'Reserves all lines or none. Where the stock does not suffice the order is kept as `failed` and the ' +
    'answer names every short line. With an `Idempotency-Key` the request can be sent again without harm: ' +
    'it is run once, and whoever repeats it gets the first answer again.',
  request: {
    headers: z.object({ 'Idempotency-Key': idempotencyKeyHeader }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: createOrderRequest,
          example: {
            user: 42,
            items: [
              { sku: 1625903, count: 2 },
              { sku: 139275865, count: 1 },
            ],
          },
        },
      },
    },
  },
  responses: responses(
    {
      schema: createOrderReply,
      description: 'The order is awaiting payment.',
      example: { orderID: 1 },
      replays: true,
    },
    [
      invalidRequest(['user', 'items[1].count']),
      standing.idempotencyKeyReused,
      insufficientStock(2n, [{ sku: 1625903, requested: 65_535, available: 10_000n }]),
      ...writeRefusals,
    ],
  ),
} satisfies OperationRoute;

const getOrderRoute = {
  method: 'get',
  path: '/order/info/{order_id}',
  operationId: 'getOrder',
  tags,
  summary: 'Read an order',
  request: { params: z.object({ order_id: orderIdParameter }) },
  responses: responses(
    {
      schema: getOrderReply,
      description: 'The order, its lines sorted by sku.',
      example: { status: 'awaiting payment', user: 42, items: [{ sku: 1625903, count: 2 }] },
    },
    [invalidRequest(['orderID']), orderNotFound(1n)],
  ),
} satisfies OperationRoute;

/** Paying and cancelling differ in their words only. */
function settleRoute(verb: 'pay' | 'cancel', summary: string, description: string, refusal: Refusal) {
  return {
    method: 'post',
    path: `/order/${verb}`,
    operationId: `${verb}Order`,
    tags,
    summary,
    description,
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: orderIdRequest, example: { orderID: 1 } } },
      },
    },
    responses: responses(
      { schema: emptyReply, description: 'It is done, or was done before.', example: {} },
      [invalidRequest(['orderID']), refusal, orderNotFound(1n), ...writeRefusals],
    ),
  } satisfies OperationRoute;
}

const payOrderRoute = settleRoute(
  'pay',
  'Pay an order',
  'Takes the reserved goods out of the stock. Paying twice is harmless.',
  orderNotPayable(1n, 'cancelled'),
);

const cancelOrderRoute = settleRoute(
  'cancel',
  'Cancel an order',
  'Gives the reserved goods back. Cancelling twice is harmless.',
  orderNotCancellable(1n, 'payed'),
);

const readNewOrder = bodyReader(createOrderRequest);
const readOrderId = bodyReader(orderIdRequest);

/** Adds the four operations on orders. */
export function addOrderRoutes(app: OpenAPIHono, options: HttpAppOptions): void {
  const { loms } = options;
  addOperation(app, options, {
    route: createOrderRoute,
    read: readNewOrder,
    run: (request, call) => loms.createOrder(request, call),
    print: ({ orderId }) => `{"orderID":${orderId}}`,
  });
  addOperation(app, options, {
    route: getOrderRoute,
    read: (c) => readParameter(c, 'order_id', 'orderID', orderIdParameter),
    run: (orderId, call) => loms.getOrder(orderId, call),
    print: printOrder,
  });
  addOperation(app, options, {
    route: payOrderRoute,
    read: readOrderId,
    run: ({ orderID }, call) => loms.payOrder(orderID, call),
    print: () => '{}',
  });
  addOperation(app, options, {
    route: cancelOrderRoute,
    read: readOrderId,
    run: ({ orderID }, call) => loms.cancelOrder(orderID, call),
    print: () => '{}',
  });
}

function printOrder({ status, user, items }: Order): string {
  const lines = items.map(({ sku, count }) => `{"sku":${sku},"count":${count}}`);
  return `{"status":"${status}","user":${user},"items":[${lines.join(',')}]}`;
}
