/** `loms.order.v1.OrderService`: the contract's messages to the domain and back. */
import { instantOf, optionalTimestamp, timestampOf } from '../../domain/instant.ts';
import type { Loms } from '../../domain/operations.ts';
import type { Order, OrderStatus } from '../../domain/orders/order.ts';
import { OrderServiceService as contract } from '../../generated/proto/loms/order/v1/order.ts';
import { unary } from './unary.ts';

/** The methods of the order service. */
export function orderMethods(loms: Loms) {
  return {
    createOrder: unary(
      contract.createOrder,
      ({ user, items, reservationTtlSeconds: ttlSeconds, validateOnly }, call) =>
        loms.createOrder({ user, items, ttlSeconds, validateOnly }, call),
      ({ orderId, expiresAt }) => ({ orderId, expiresAt: optionalTimestamp(expiresAt) }),
    ),
    getOrder: unary(
      contract.getOrder,
      ({ orderId }, call) => loms.getOrder(orderId, call),
      (order) => messageOf(order),
    ),
    listOrders: unary(
      contract.listOrders,
      ({ user, status, createdAfter, createdBefore, pageSize, pageToken }, call) => {
        const filter = {
          user,
          // The contract's rules allow no others.
          statuses: status as OrderStatus[],
          createdAfter: createdAfter && instantOf(createdAfter),
          createdBefore: createdBefore && instantOf(createdBefore),
        };
        return loms.listOrders({ ...filter, pageSize, pageToken }, call);
      },
      ({ orders, nextPageToken = '' }) => ({
        orders: orders.map((order) => ({ orderId: order.orderId, ...messageOf(order) })),
        nextPageToken,
      }),
    ),
    payOrder: unary(
      contract.payOrder,
      ({ orderId, acceptLate }, call) => loms.payOrder({ orderId, acceptLate }, call),
      () => ({}),
    ),
    extendOrder: unary(
      contract.extendOrder,
      ({ orderId, reservationTtlSeconds: ttlSeconds }, call) =>
        loms.extendOrder({ orderId, ttlSeconds }, call),
      ({ expiresAt }) => ({ expiresAt: optionalTimestamp(expiresAt) }),
    ),
    cancelOrder: unary(
      contract.cancelOrder,
      (request, call) => loms.cancelOrder(request, call),
      () => ({}),
    ),
  };
}

function messageOf({ status, user, items, createdAt, updatedAt, expiresAt, cancelReason }: Order) {
  return {
    status,
    user,
    items: [...items],
    createdAt: timestampOf(createdAt),
    updatedAt: timestampOf(updatedAt),
    expiresAt: optionalTimestamp(expiresAt),
    cancelReason: cancelReason ?? '',
  };
}
