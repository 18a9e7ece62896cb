/** The operations on orders over REST: route, reading and printing of each. */
import type { Loms } from '../../domain/operations.ts';
import type { OrderPage } from '../../domain/orders/list.ts';
import { NO_ORDER, type Order } from '../../domain/orders/order.ts';
import { printNextPage, printTime } from './fields.ts';
import {
  cancelOrderDocument,
  createOrderDocument,
  createOrderRequest,
  extendOrderDocument,
  extendOrderRequest,
  getOrderDocument,
  getOrderRequest,
  listOrdersDocument,
  listOrdersRequest,
  orderIdRequest,
  payOrderDocument,
  payOrderRequest,
} from './order-documents.ts';
import { bodyReader, parameterReader } from './request.ts';
import { route } from './route.ts';

const readNewOrder = bodyReader('CreateOrderRequest', createOrderRequest);
const readOrderId = parameterReader('GetOrderRequest', getOrderRequest, { orderID: 'order_id' });
const readOrderToPay = bodyReader('PayOrderRequest', payOrderRequest);
const readOrderToExtend = bodyReader('ExtendOrderRequest', extendOrderRequest);
const readOrderToCancel = bodyReader('CancelOrderRequest', orderIdRequest);
const readOrderList = parameterReader('ListOrdersRequest', listOrdersRequest, {
  user: 'user',
  status: 'status',
  createdAfter: 'created_after',
  createdBefore: 'created_before',
  pageSize: 'page_size',
  pageToken: 'page_token',
});

/** The routes of the operations on orders. */
export function orderRoutes(loms: Loms) {
  return {
    createOrder: route({
      document: createOrderDocument,
      read: readNewOrder,
      run: ({ user, items, reservationTtlSeconds: ttlSeconds, validateOnly }, call) =>
        loms.createOrder({ user, items, ttlSeconds, validateOnly }, call),
      print: ({ orderId, expiresAt }) => {
        const end = printTime('expiresAt', expiresAt);
        return orderId === NO_ORDER ? `{${end.slice(1)}}` : `{"orderID":${orderId}${end}}`;
      },
    }),
    getOrder: route({
      document: getOrderDocument,
      read: readOrderId,
      run: ({ orderID }, call) => loms.getOrder(orderID, call),
      print: printOrder,
    }),
    listOrders: route({
      document: listOrdersDocument,
      read: readOrderList,
      run: ({ user, status = [], createdAfter, createdBefore, pageSize = 0, pageToken = '' }, call) => {
        const filter = { user, statuses: status, createdAfter, createdBefore };
        return loms.listOrders({ ...filter, pageSize, pageToken }, call);
      },
      print: printPage,
    }),
    payOrder: route({
      document: payOrderDocument,
      read: readOrderToPay,
      run: ({ orderID: orderId, acceptLate }, call) => loms.payOrder({ orderId, acceptLate }, call),
      print: () => '{}',
    }),
    extendOrder: route({
      document: extendOrderDocument,
      read: readOrderToExtend,
      run: ({ orderID: orderId, reservationTtlSeconds: ttlSeconds }, call) =>
        loms.extendOrder({ orderId, ttlSeconds }, call),
      print: ({ expiresAt }) => `{${printTime('expiresAt', expiresAt).slice(1)}}`,
    }),
    cancelOrder: route({
      document: cancelOrderDocument,
      read: readOrderToCancel,
      run: ({ orderID }, call) => loms.cancelOrder({ orderId: orderID }, call),
      print: () => '{}',
    }),
  };
}

function printOrder(order: Order): string {
  return `{${printFields(order)}}`;
}

function printFields(order: Order): string {
  const { status, user, items, createdAt, updatedAt, expiresAt, cancelReason } = order;
  const lines = items.map(({ sku, count }) => `{"sku":${sku},"count":${count}}`);
  const reason = cancelReason === undefined ? '' : `,"cancelReason":"${cancelReason}"`;
  const times = [
    printTime('createdAt', createdAt),
    printTime('updatedAt', updatedAt),
    printTime('expiresAt', expiresAt),
  ];
  return `"status":"${status}","user":${user},"items":[${lines.join(',')}]${times.join('')}${reason}`;
}

function printPage({ orders, nextPageToken }: OrderPage): string {
  const printed = orders.map((order) => `{"orderID":${order.orderId},${printFields(order)}}`);
  return `{"orders":[${printed.join(',')}]${printNextPage(nextPageToken)}}`;
}
