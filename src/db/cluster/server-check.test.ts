/** What a new connection must have reached: the version, and the session's settings behind a pooler. */
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRouter, useDatabase } from '../../../test/support/database.ts';
import { Pooler } from '../../../test/support/pooler.ts';
import { openClient } from '../pool.ts';
import { checkOwnSession, checkServer, isUntested, versionProblem } from './server-check.ts';

const database = useDatabase();

test('a pooler that drops the settings of the session is refused at once, with the reason', async () => {
  const pooler = await Pooler.dropping(database.primaryUrl);
  const router = openRouter({ primaryUrl: pooler.through(database.primaryUrl), replicaUrls: [] });
  // The server's own synchronous_commit is the wanted one here.
  const settings =
    'default_transaction_read_only, idle_in_transaction_session_timeout, lock_timeout, statement_timeout';
  const reason = `a pooler between loms and PostgreSQL drops its settings (${settings}): connect directly`;
  try {
    await expect(router.start()).rejects.toThrow(reason);
    expect(router.status()).toMatchObject([{ healthy: false, cause: reason }]);
    await expect(router.waitForPrimary(60_000)).rejects.toThrow(reason);
  } finally {
    await router.stop();
    await pooler.stop();
  }
});

const limits = { poolSize: 1, connectTimeoutMs: 5_000, readTimeoutMs: 5_000, writeTimeoutMs: 10_000 };

/** A connection of the kind that the service opens. */
async function openSession(): Promise<pg.Client> {
  const client = openClient(database.primaryUrl, limits, () => {});
  onTestFinished(() => client.end());
  await client.connect();
  return client;
}

test('a pooler that shares sessions is refused at once, with the reason', async () => {
  const pooler = await Pooler.sharing(await openSession());
  const router = openRouter({ primaryUrl: pooler.through(database.primaryUrl), replicaUrls: [] });
  try {
    await expect(router.start()).rejects.toThrow('shares sessions (transaction mode): connect directly');
  } finally {
    await router.stop();
    await pooler.stop();
  }
});

describe('where a connection learns of another process than the one that works for it', () => {
  test('a second connection with the same process shows that the session is shared', async () => {
    const first = await openSession();
    const server = await checkServer(first, limits);
    // A pooler that knows prepared statements keeps them in order over both.
    const second = { connect: async () => {}, query: first.query.bind(first), end: async () => {} };
    Object.assign(first, { processID: 1 });
    await expect(checkOwnSession(first, server, limits, () => second as never)).rejects.toThrow(
      'shares sessions',
    );
  });

  test('a second connection with a process of its own shows that it is not', async () => {
    const first = Object.assign(await openSession(), { processID: 1 });
    const server = await checkServer(first, limits);
    const openSecond = () => openClient(database.primaryUrl, limits, () => {});
    await expect(checkOwnSession(first, server, limits, openSecond)).resolves.toBeUndefined();
  });
});

test('one setting that is not in force is enough', async () => {
  const config = { connectionString: database.primaryUrl, options: '-c lock_timeout=1' };
  const client = new pg.Client(config);
  await client.connect();
  for (const setting of [
    'synchronous_commit = remote_apply',
    'default_transaction_read_only = on',
    'statement_timeout = 7500',
    'idle_in_transaction_session_timeout = 10000',
  ]) {
    await client.query(`SET ${setting}`);
  }
  await expect(checkServer(client, limits)).rejects.toThrow('drops its settings (lock_timeout)');
  await client.query('SET lock_timeout = 5000');
  await expect(checkServer(client, limits)).resolves.toMatchObject({ dropped: [] });
  await client.end();
});

test.each([20_001, 80_000, 119_999, 120_000, 160_000, 240_000, 600_000])(
  'with a write timeout of %i ms the settings that are in force are recognised',
  async (writeTimeoutMs) => {
    const router = openRouter({ primaryUrl: database.primaryUrl, replicaUrls: [] }, { writeTimeoutMs });
    try {
      await router.start();
      expect(router.writable).toBe(true);
    } finally {
      await router.stop();
    }
  },
);

test('PostgreSQL 15 to 18 are supported, an older one is refused, a newer one is untested', () => {
  expect(versionProblem(140_020)).toBe('PostgreSQL 14 is not supported: 15 to 18 are');
  expect([150_000, 180_004, 190_001].map(versionProblem)).toEqual([undefined, undefined, undefined]);
  expect([150_000, 189_999, 190_000].map(isUntested)).toEqual([false, false, true]);
});
