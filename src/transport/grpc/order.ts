/** `loms.order.v1.OrderService`: the contract's messages to the domain and back. */
import { accepted } from '../../domain/errors.ts';
import type { Loms } from '../../domain/loms.ts';
import { OrderServiceService as contract } from '../../generated/proto/loms/order/v1/order.ts';
import { type UnaryMethod, unary } from './unary.ts';

/** The methods of the order service. */
export function orderMethods(loms: Loms): UnaryMethod[] {
  return [
    unary('createOrder', contract.createOrder, ({ user, items }, call) =>
      loms.createOrder({ user, items }, call),
    ),
    unary('getOrder', contract.getOrder, async ({ orderId }, call) => {
      const outcome = await loms.getOrder(orderId, call);
      if (!outcome.ok) return outcome;
      const { status, user, items } = outcome.value;
      return accepted({ status, user, items: [...items] });
    }),
    unary('payOrder', contract.payOrder, async ({ orderId }, call) => {
      const outcome = await loms.payOrder(orderId, call);
      return outcome.ok ? accepted({}) : outcome;
    }),
    unary('cancelOrder', contract.cancelOrder, async ({ orderId }, call) => {
      const outcome = await loms.cancelOrder(orderId, call);
      return outcome.ok ? accepted({}) : outcome;
    }),
  ];
}
