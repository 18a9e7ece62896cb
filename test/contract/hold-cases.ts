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
  SOLD_OUT,
  short,
} from './cases.ts';

/** Stock of 300 that no other case uses. */
const SCARCE = 30816475;

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

const validate = (validateOnly: boolean, ...items: { sku: number; count: number }[]) => ({
  ask: 'createOrder' as const,
  request: () => ({ user: 1n, items, validateOnly }),
});

/** The refusal of a create that is only validated names no order. */
function withoutOrder({ error, http }: ReturnType<typeof short>) {
  const details = error.details.map((detail) => ({ ...detail, orderID: undefined }));
  return { error: { ...error, details }, http };
}

export const validateCases: readonly Case[] = [
  {
    title: 'an order that is only validated',
    ...validate(true, { sku: PLENTY, count: 1 }),
    reply: { expiresAt: '<time>' },
  },
  {
    title: 'an order that is not only validated',
    ...validate(false, { sku: PLENTY, count: 1 }),
    reply: created,
  },
  {
    title: 'an order that is only validated, and short',
    ...validate(true, { sku: SOLD_OUT, count: 1 }),
    ...withoutOrder(short([SOLD_OUT, 1, 0n])),
  },
  {
    title: 'an invalid order that is only validated',
    ...validate(true, { sku: PLENTY, count: 0 }),
    ...invalid([
      'items[0].count',
      'must be a whole number from 1 to 65535, also when summed over lines with the same sku',
    ]),
  },
  {
    title: 'an order that is only validated, with an idempotency key',
    ...validate(true, { sku: PLENTY, count: 1 }),
    keys: (freshKey) => [freshKey],
    ...invalid(['idempotency-key', 'must not be sent with validateOnly']),
  },
];

export const holdCases: readonly Case[] = [
  { title: 'an order with a time for its reservation', ...withTtl(60), reply: created },
  { title: 'the longest time that can be requested', ...withTtl(315_360_000), reply: created },
  { title: 'a reservation of 0 seconds', ...withTtl(0), ...invalid(['reservationTtlSeconds', TTL]) },
  { title: 'too long a time', ...withTtl(315_360_001), ...invalid(['reservationTtlSeconds', TTL]) },
  {
    title: 'a shortage of pieces that an open order holds names when they come free',
    given: async (client) => {
      await createOrder(client, SCARCE, 300);
      return undefined;
    },
    ask: 'createOrder',
    request: () => ({ user: 1n, items: [{ sku: SCARCE, count: 300 }] }),
    ...short([SCARCE, 300, 0n, { availableAt: '<time>' }]),
  },
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
