/** The operations on orders in the OpenAPI document, and their schemas, which also validate requests. */
import { z } from '@hono/zod-openapi';
import { cancelReasons, orderStatuses } from '../../domain/orders/order.ts';
import type { Refusal } from '../../domain/outcome.ts';
import {
  fixedRefusals,
  heldPiecesExceeded,
  insufficientStock,
  orderExpired,
  orderNotCancellable,
  orderNotExtendable,
  orderNotFound,
  orderNotPayable,
} from '../../domain/refusals.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { compressedBody } from '../refusals.ts';
import {
  asText,
  choices,
  emptyReply,
  exampleToken,
  flag,
  idempotencyKey,
  int64,
  int64Reply,
  list,
  nextPageToken,
  OR_STRING,
  pageFields,
  time,
  timeReply,
  uint32,
} from './fields.ts';
import { jsonBody, responses } from './openapi.ts';

const tags = ['order'];

/** What every operation with a body that writes can be refused with, besides its own refusals. */
const writeRefusals = [fixedRefusals.requestTooLarge, compressedBody, fixedRefusals.outcomeUnknown];

const item = z
  .object({
    sku: uint32(contract.Item.sku, 'The stock keeping unit.', 1625903),
    count: uint32(contract.Item.count, 'How many pieces, also when summed over lines with the same sku.', 2),
  })
  .openapi('Item');

const ORDER_ID = 'The id that creating the order gave.';

export const createOrderRequest = z
  .object({
    user: int64(contract.CreateOrderRequest.user, `Who orders. ${OR_STRING}`, 42),
    items: list(contract.CreateOrderRequest.items, item, 'Lines with the same sku count as one line.'),
    reservationTtlSeconds: uint32(
      contract.CreateOrderRequest.reservationTtlSeconds,
      'How long the reservation lasts, at most as long as the operator allows; else as long as is set there.',
      600,
    ).optional(),
    validateOnly: flag(
      'Answers as the create would, without an order. Not together with an idempotency key.',
    ).optional(),
  })
  .openapi('CreateOrderRequest');

export const orderIdRequest = z
  .object({ orderID: int64(contract.GetOrderRequest.orderID, `${ORDER_ID} ${OR_STRING}`, 1) })
  .openapi('OrderIDRequest');

export const payOrderRequest = z
  .object({
    orderID: int64(contract.PayOrderRequest.orderID, `${ORDER_ID} ${OR_STRING}`, 1),
    acceptLate: flag(
      'Whether an order whose reservation has ended is payed too, if its goods are still available.',
    ).optional(),
  })
  .openapi('PayOrderRequest');

export const extendOrderRequest = z
  .object({
    orderID: int64(contract.ExtendOrderRequest.orderID, `${ORDER_ID} ${OR_STRING}`, 1),
    reservationTtlSeconds: uint32(
      contract.ExtendOrderRequest.reservationTtlSeconds,
      'How long the reservation lasts from now on.',
      600,
    ),
  })
  .openapi('ExtendOrderRequest');

export const orderIdParameter = int64(contract.GetOrderRequest.orderID, ORDER_ID, 1);

export const getOrderRequest = z.object({ orderID: orderIdParameter });

/**
 * It has no example, because "Try it out" would send that with every order, and the second would be refused
 * for it.
 */
const idempotencyKeyHeader = idempotencyKey.optional().openapi({
  description:
    'Any text of printable ASCII characters that is new for each new order, such as a UUID. It is kept ' +
    'for a day, or as long as the operator configured.',
});

const end = timeReply('When the reservation ends. Missing if it never does.').optional();

const createOrderReply = z
  .object({
    orderID: int64Reply('The new order. Ids rise by creation. Missing with `validateOnly`.', 1).optional(),
    expiresAt: end,
  })
  .openapi('CreateOrderResponse');

const orderFields = {
  status: z.enum(orderStatuses).openapi({ example: 'awaiting payment' }),
  user: int64Reply('Who ordered.', 42),
  items: z.array(item).openapi({ description: 'Sorted by sku, one line per sku.' }),
  createdAt: timeReply('When the order was created.'),
  updatedAt: timeReply('When its status changed last, or when it was created.'),
  expiresAt: timeReply(
    'When the reservation ends or has ended. Missing if it never does, and of an order that was payed, ' +
      'failed or cancelled on request.',
  ).optional(),
  cancelReason: z.enum(cancelReasons).optional().openapi({ description: 'Of a cancelled order.' }),
};

const getOrderReply = z.object(orderFields).openapi('GetOrderResponse');

const rules = contract.ListOrdersRequest;

export const listOrdersRequest = z.object({
  user: asText(int64(rules.user, 'Lists only the orders of this user.', 42)).optional(),
  status: choices(rules.status, 'Lists only orders with one of these statuses.').optional(),
  createdAfter: time('Lists only orders that were created after this time.').optional(),
  createdBefore: time('Lists only orders that were created before this time.').optional(),
  ...pageFields(rules, 'orders', ', with the same filters'),
});

const listOrdersReply = z
  .object({
    orders: z
      .array(z.object({ orderID: int64Reply('The order.', 1), ...orderFields }).openapi('Order'))
      .openapi({ description: 'Newest first.' }),
    nextPageToken,
  })
  .openapi('ListOrdersResponse');

/** 2026-11-26T12:10:00.123456Z */
const EXAMPLE_END = 1_795_695_000_123_456_000n;

const exampleOrder = {
  status: 'awaiting payment',
  user: 42,
  items: [{ sku: 1625903, count: 2 }],
  createdAt: '2026-11-26T12:00:00.123456Z',
  updatedAt: '2026-11-26T12:00:00.123456Z',
  expiresAt: '2026-11-26T12:10:00.123456Z',
};

/** Names the id in the reply to a create, for links from it. */
const NEW_ORDER_ID = '$response.body#/orderID';

export const createOrderDocument = {
  method: 'post',
  path: '/order/create',
  tags,
  summary: 'Create an order and reserve its stock',
  description:
    'Reserves all lines or none. Where the stock does not suffice the order is kept as `failed` and the ' +
    'refusal names every short line. With an `Idempotency-Key` the request can be retried without harm: ' +
    'it runs once, and each retry gets the first reply again. With `validateOnly` nothing is written, and ' +
    'the reply has no `orderID`.',
  request: {
    headers: z.object({ 'Idempotency-Key': idempotencyKeyHeader }),
    body: jsonBody(createOrderRequest, {
      user: 42,
      items: [
        { sku: 1625903, count: 2 },
        { sku: 139275865, count: 1 },
      ],
    }),
  },
  responses: responses(
    {
      schema: createOrderReply,
      description: 'The order is awaiting payment.',
      example: { orderID: 1, expiresAt: '2026-11-26T12:10:00.123456Z' },
      replays: true,
      links: {
        read: { operationId: 'getOrder', parameters: { order_id: NEW_ORDER_ID } },
        pay: { operationId: 'payOrder', requestBody: { orderID: NEW_ORDER_ID } },
        cancel: { operationId: 'cancelOrder', requestBody: { orderID: NEW_ORDER_ID } },
      },
    },
    [
      invalidFields('CreateOrderRequest', ['user', 'items[1].count']),
      fixedRefusals.idempotencyKeyReused,
      insufficientStock(2n, [{ sku: 1625903, requested: 65_535, available: 10_000n }]),
      heldPiecesExceeded({ user: 42n, max: 100, held: 98n, requested: 3 }),
      ...writeRefusals,
    ],
  ),
} as const;

export const getOrderDocument = {
  method: 'get',
  path: '/order/info/{order_id}',
  tags,
  summary: 'Read an order',
  description:
    'Returns its status, its user and its lines. Sees every write that was acknowledged before. Operators ' +
    'may have failed and cancelled orders removed, 7 days or longer after their last change.',
  request: { params: z.object({ order_id: orderIdParameter }) },
  responses: responses(
    {
      schema: getOrderReply,
      description: 'The order, its lines sorted by sku.',
      example: exampleOrder,
    },
    [invalidFields('GetOrderRequest', ['orderID']), orderNotFound(1n)],
  ),
} as const;

const { shape: listed } = listOrdersRequest;

export const listOrdersDocument = {
  method: 'get',
  path: '/order/list',
  tags,
  summary: 'List orders',
  description:
    'Newest first. A page may be short or empty: the list ends where `nextPageToken` is missing. An order ' +
    'that exists when the first page is read stands on exactly one page, unless a change of its status ' +
    'moves it out of the filter or into it.',
  request: {
    query: z.object({
      user: listed.user,
      status: listed.status,
      created_after: listed.createdAfter,
      created_before: listed.createdBefore,
      page_size: listed.pageSize,
      page_token: listed.pageToken,
    }),
  },
  responses: responses(
    {
      schema: listOrdersReply,
      description: 'A page of orders.',
      example: { orders: [{ orderID: 1, ...exampleOrder }], nextPageToken: exampleToken(1n) },
    },
    [invalidFields('ListOrdersRequest', ['pageToken'])],
  ),
} as const;

/** What the documents of the transitions have in common. */
const transitionDocument = (request: z.ZodType, ...refusals: Refusal[]) => ({
  tags,
  request: { body: jsonBody(request, { orderID: 1 }) },
  responses: responses({ schema: emptyReply, description: 'It is done, or was done before.', example: {} }, [
    invalidFields('PayOrderRequest', ['orderID']),
    ...refusals,
    orderNotFound(1n),
    ...writeRefusals,
  ]),
});

export const payOrderDocument = {
  ...transitionDocument(
    payOrderRequest,
    orderNotPayable(1n, 'cancelled'),
    orderExpired(1n, EXAMPLE_END, [{ sku: 1625903, requested: 2, available: 1n }]),
  ),
  method: 'post',
  path: '/order/pay',
  summary: 'Pay an order',
  description:
    'Takes the reserved goods out of the stock. Paying twice is harmless. With `acceptLate` an order whose ' +
    'reservation has ended is payed too, within a day of the end or as long as the operator configured, if ' +
    'all of its goods are still available; else the refusal names what is short.',
} as const;

export const cancelOrderDocument = {
  ...transitionDocument(orderIdRequest, orderNotCancellable(1n, 'payed')),
  method: 'post',
  path: '/order/cancel',
  summary: 'Cancel an order',
  description: 'Makes the reserved goods available again. Cancelling twice is harmless.',
} as const;

export const extendOrderDocument = {
  method: 'post',
  path: '/order/extend',
  tags,
  summary: 'Extend the reservation of an order',
  description:
    'Moves the end of the reservation to a time from now on. It never becomes earlier, and never later ' +
    'than the longest life of a reservation after the creation of the order.',
  request: { body: jsonBody(extendOrderRequest, { orderID: 1, reservationTtlSeconds: 600 }) },
  responses: responses(
    {
      schema: z.object({ expiresAt: end }).openapi('ExtendOrderResponse'),
      description: 'The end of the reservation.',
      example: { expiresAt: '2026-11-26T12:10:00.123456Z' },
    },
    [
      invalidFields('ExtendOrderRequest', ['reservationTtlSeconds']),
      orderNotExtendable(1n, 'payed'),
      orderExpired(1n, EXAMPLE_END),
      orderNotFound(1n),
      ...writeRefusals,
    ],
  ),
} as const;
