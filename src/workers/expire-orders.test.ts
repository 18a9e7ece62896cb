/** The release of expired orders in the background. */
import { expect, test, vi } from 'vitest';
import { useDatabase } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import { startService } from '../../test/support/service.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import { OrderExpiry } from './expire-orders.ts';

const database = useDatabase();

test('two services release what has ended, and the stock shows it', async () => {
  const services = [await startService(database), await startService(database)];
  const [first] = services;
  try {
    const count = async () => first?.rest.call('getStock', { sku: 1625903 });
    const before = await count();
    for (let index = 0; index < 20; index++) {
      await first?.rest.call('createOrder', { user: 1n, items: [{ sku: 1625903, count: 5 }] });
    }
    expect(await count()).not.toEqual(before);
    await database.query(
      `UPDATE orders SET created_at = now() - interval '1 day', expires_at = now() - interval '1 second'
       WHERE expires_at IS NOT NULL`,
    );
    await vi.waitFor(async () => expect(await count()).toEqual(before), { timeout: 20_000, interval: 50 });
    const { length } = await database.query("SELECT FROM orders WHERE cancel_reason = 'expired'");
    expect(length).toBe(20);
  } finally {
    for (const service of services) await service.stop();
  }
});

test('what nobody could release is not asked for again at once', async () => {
  const found = { orderIds: [1n], more: true, nextInMs: undefined };
  const early = new OrderExpiry({
    find: async () => found,
    expire: async () => 0,
    now: () => 0,
    logger: quiet,
  });
  expect(await early.runOnce()).toEqual({ released: 0 });
});

test('the next look is soon after a release; a full run is followed by a rest twice as long', async () => {
  const runOf = (more: boolean) => {
    let nowMs = 0;
    const find = async () => ({ orderIds: [1n], more, nextInMs: undefined });
    const expire = async () => {
      nowMs += 300;
      return 1;
    };
    return new OrderExpiry({ find, expire, now: () => nowMs, logger: quiet }).runOnce();
  };
  expect(await runOf(true)).toEqual({ released: 1, nextInMs: 600 });
  expect(await runOf(false)).toEqual({ released: 1, nextInMs: 100 });
});

test('an outage is no failure of the worker, which tries again soon, and any other error is', async () => {
  const failing = (error: Error) =>
    new OrderExpiry({
      find: () => Promise.reject(error),
      expire: async () => 0,
      now: () => 0,
      logger: quiet,
    });
  expect(await failing(new DatabaseUnavailable('down')).runOnce()).toEqual({ released: 0, nextInMs: 100 });
  await expect(failing(new Error('a bug')).runOnce()).rejects.toThrow('a bug');
});
