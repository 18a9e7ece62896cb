/** The stop of the router, beside a check that runs. */
import { expect, test } from 'vitest';
import { openRouter, useDatabase } from '../../../test/support/database.ts';

const database = useDatabase();

test('a check that has begun is finished before the connections are closed', async () => {
  const router = openRouter(database);
  await router.check();
  const checking = router.check();
  await router.stop();
  await checking;
  expect(router.status().map(({ healthy }) => healthy)).toEqual([true, true]);
});
