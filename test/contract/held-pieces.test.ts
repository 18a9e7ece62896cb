/** The limit of what the open orders of one user hold, over REST and over gRPC. */
import { expect, test } from 'vitest';
import { useService } from '../support/service.ts';
import { info, PLENTY } from './cases.ts';

const { service } = useService({ HELD_PIECES_MAX_PER_USER: '5' });

test.each(['rest', 'grpc'] as const)(
  'over %s an order that would hold too much is refused',
  async (transport) => {
    const user = transport === 'rest' ? 1n : 2n;
    const create = (count: number, by = user) =>
      service[transport].call('createOrder', { user: by, items: [{ sku: PLENTY, count }] });
    const first = await create(4);
    expect(first).toMatchObject({ reply: { orderID: expect.any(BigInt) } });
    const second = await create(2);
    expect(second).toMatchObject({
      error: {
        code: 8n,
        message: `the open orders of user ${user} hold 4 pieces, 2 more would be over 5`,
        details: [
          info('HELD_PIECES_EXCEEDED', { user: String(user), limit: '5', held: '4', requested: '2' }),
        ],
      },
    });
    if (transport === 'rest') expect(second).toMatchObject({ http: 429 });
    expect(await create(1)).toMatchObject({ reply: {} });
    expect(await create(5, user + 2n)).toMatchObject({ reply: {} });
  },
);
