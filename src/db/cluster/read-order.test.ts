/** Which node a read begins at, where the caller has a wish. */
import { expect, test } from 'vitest';
import { openRouter, useDatabase } from '../../../test/support/database.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import type { ReadOptions } from '../types.ts';

const database = useDatabase();

test('a read may begin on the primary; without it any node will do', async () => {
  // Without hedged reads, which a busy machine would cause.
  const router = openRouter(database, { readTimeoutMs: 60_000 });
  await router.check();
  const readFour = async (options?: ReadOptions) => {
    for (let count = 0; count < 4; count++)
      await router.read((db) => stockRead.run({ skus: [7n] }, db), options);
    return Object.fromEntries(router.status().map(({ role, reads }) => [role, reads]));
  };
  expect(await readFour({ primaryFirst: true })).toEqual({ primary: 4, replica: 0 });
  expect(await readFour()).toEqual({ primary: 6, replica: 2 });
  router.primary?.markUnhealthy('read failed', new Error('down'));
  expect(await readFour({ primaryFirst: true })).toEqual({ primary: 6, replica: 6 });
  await router.stop();
});
