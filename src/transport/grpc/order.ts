/** `loms.order.v1.OrderService`: the contract's messages to the domain and back. */
import type { Loms } from '../../domain/operations.ts';
import { OrderServiceService as contract } from '../../generated/proto/loms/order/v1/order.ts';
import { unary } from './unary.ts';

/** The methods of the order service. */
export function orderMethods(loms: Loms) {
  return {
    createOrder: unary(
      contract.createOrder,
      (request, call) => loms.createOrder(request, call),
      ({ orderId }) => ({ orderId }),
    ),
    getOrder: unary(
      contract.getOrder,
      ({ orderId }, call) => loms.getOrder(orderId, call),
      ({ status, user, items }) => ({ status, user, items: [...items] }),
    ),
    payOrder: unary(
      contract.payOrder,
      ({ orderId }, call) => loms.payOrder(orderId, call),
      () => ({}),
    ),
    cancelOrder: unary(
      contract.cancelOrder,
      ({ orderId }, call) => loms.cancelOrder(orderId, call),
      () => ({}),
    ),
  };
}
