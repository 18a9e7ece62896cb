/** The contract of an order whose reservation has ended, over REST and over gRPC. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Operation, Request } from '../support/client.ts';
import { useService } from '../support/service.ts';
import { createOrder, info, PLENTY, withoutId } from './cases.ts';

const SKU = 4_000_001;
const { database, service } = useService();

beforeEach(async () => {
  await database.query(
    'INSERT INTO stocks VALUES ($1, 3, 0) ON CONFLICT (sku) DO UPDATE SET total_count = 3, reserved = 0',
    [SKU],
  );
});

/** An order whose reservation ended a minute ago. The worker may release it. */
const expired = async (sku: number, count: number) => {
  const orderID = await createOrder(service.rest, sku, count);
  await database.query(
    `UPDATE orders SET created_at = created_at - interval '2 min', updated_at = updated_at - interval '2 min',
       expires_at = now() - interval '1 min'
     WHERE order_id = $1`,
    [orderID],
  );
  return orderID;
};

const refused = {
  code: 9n,
  message: 'the reservation of order <order> has ended',
  details: [info('ORDER_EXPIRED', { orderID: '<order>', expiredAt: '<time>' })],
};

const short = {
  '@type': 'type.googleapis.com/loms.order.v1.InsufficientStock',
  orderID: '<order>',
  shortages: [{ sku: BigInt(SKU), requested: 2n, available: 1n, availableAt: '<time>' }],
};

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  const ask = async (operation: Operation, request: Request, orderID: bigint) => {
    const answer: Answer = await service[transport].call(operation, request);
    if (transport === 'rest' && 'error' in answer) expect(answer.http).toBe(400);
    return withoutId(answer, orderID);
  };

  test('it is shown as expired', async () => {
    const orderID = await expired(PLENTY, 1);
    expect(await ask('getOrder', { orderID }, orderID)).toMatchObject({
      reply: { status: 'cancelled', cancelReason: 'expired', expiresAt: '<time>' },
    });
  });

  test('it is neither payed nor extended, and a cancellation changes nothing', async () => {
    const orderID = await expired(PLENTY, 1);
    expect(await ask('payOrder', { orderID }, orderID)).toEqual({ error: refused });
    expect(await ask('payOrder', { orderID, acceptLate: false }, orderID)).toEqual({ error: refused });
    expect(await ask('extendOrder', { orderID, reservationTtlSeconds: 60 }, orderID)).toEqual({
      error: refused,
    });
    expect(await ask('cancelOrder', { orderID }, orderID)).toEqual({ reply: {} });
  });

  test('a late payment pays it', async () => {
    const orderID = await expired(PLENTY, 1);
    expect(await ask('payOrder', { orderID, acceptLate: true }, orderID)).toEqual({ reply: {} });
    expect(await ask('getOrder', { orderID }, orderID)).toMatchObject({ reply: { status: 'payed' } });
  });

  test('a late payment for goods that others have bought names what is short', async () => {
    const orderID = await expired(SKU, 2);
    await ask('cancelOrder', { orderID }, orderID);
    await createOrder(service.rest, SKU, 2);
    const error = { ...refused, details: [...refused.details, short] };
    expect(await ask('payOrder', { orderID, acceptLate: true }, orderID)).toEqual({ error });
  });
});
