/** The contract of reservations as a table; see cases.ts. Their end stands in expired-orders.test.ts. */
import {
  type Case,
  created,
  createOrder,
  failed,
  INT64,
  info,
  invalid,
  none,
  noOrder,
  PLENTY,
} from './cases.ts';

const TTL = 'must be a whole number from 1 to 315360000';

const withTtl = (reservationTtlSeconds: number) => ({
  ask: 'createOrder' as const,
  request: () => ({ user: 1n, items: [{ sku: PLENTY, count: 1 }], reservationTtlSeconds }),
});

const extend = (reservationTtlSeconds = 60) => ({
  ask: 'extendOrder' as const,
  request: (orderID: bigint) => ({ orderID, reservationTtlSeconds }),
});

const payLate = {
  ask: 'payOrder' as const,
  request: (orderID: bigint) => ({ orderID, acceptLate: true }),
};

const notExtendable = (status: string) => ({
  error: {
    code: 9n,
    message: `order <order> is ${status} and cannot be extended`,
    details: [info('ORDER_NOT_EXTENDABLE', { orderID: '<order>', status })],
  },
  http: 400,
});

export const holdCases: readonly Case[] = [
  { title: 'an order with a time for its reservation', ...withTtl(60), reply: created },
  { title: 'the longest time that can be requested', ...withTtl(315_360_000), reply: created },
  { title: 'a reservation of 0 seconds', ...withTtl(0), ...invalid(['reservationTtlSeconds', TTL]) },
  { title: 'too long a time', ...withTtl(315_360_001), ...invalid(['reservationTtlSeconds', TTL]) },
  {
    title: 'an order that awaits payment is extended',
    given: (client) => createOrder(client),
    ...extend(),
    reply: { expiresAt: '<time>' },
  },
  {
    title: 'a payed order cannot be extended',
    given: async (client) => {
      const orderID = await createOrder(client);
      await client.call('payOrder', { orderID });
      return orderID;
    },
    ...extend(),
    ...notExtendable('payed'),
  },
  {
    title: 'an order that was cancelled on request cannot be extended',
    given: async (client) => {
      const orderID = await createOrder(client);
      await client.call('cancelOrder', { orderID });
      return orderID;
    },
    ...extend(),
    ...notExtendable('cancelled'),
  },
  {
    title: 'a payment that accepts to be late and is not',
    given: (client) => createOrder(client),
    ...payLate,
    reply: {},
  },
  {
    title: 'a late payment of an order that was cancelled on request',
    given: async (client) => {
      const orderID = await createOrder(client);
      await client.call('cancelOrder', { orderID });
      return orderID;
    },
    ...payLate,
    error: {
      code: 9n,
      message: 'order <order> is cancelled and cannot be payed',
      details: [info('ORDER_NOT_PAYABLE', { orderID: '<order>', status: 'cancelled' })],
    },
    http: 400,
  },
  {
    title: 'a late payment of an unknown order',
    ...payLate,
    request: () => ({ orderID: none(), acceptLate: true }),
    ...noOrder,
  },
  { title: 'a failed order cannot be extended', given: failed, ...extend(), ...notExtendable('failed') },
  {
    title: 'an extension of an unknown order',
    ask: 'extendOrder',
    request: () => ({ orderID: none(), reservationTtlSeconds: 60 }),
    ...noOrder,
  },
  {
    title: 'an extension of order 0 by 0 seconds',
    ask: 'extendOrder',
    request: () => ({ orderID: 0n, reservationTtlSeconds: 0 }),
    ...invalid(['orderID', INT64], ['reservationTtlSeconds', TTL]),
  },
];
