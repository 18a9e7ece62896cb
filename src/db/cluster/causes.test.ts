/** Why a node is not used: the cause is shown, and a start that waiting cannot help ends at once. */
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { onServer, openRouter, useDatabase } from '../../../test/support/database.ts';
import { startRelay } from '../../../test/support/relay.ts';
import { startTemporaryCluster } from '../../../test/support/temporary-cluster.ts';
import type { Router, RouterOptions } from './router.ts';

const database = useDatabase();
const [WEAK, OUTSIDER] = ['causes_test_weak', 'causes_test_outsider'];
const PASSWORD = 'only-for-this-test';
let opened: Router[] = [];

beforeAll(async () => {
  await onServer(`CREATE ROLE ${WEAK} LOGIN PASSWORD '${PASSWORD}'`);
  await onServer(`CREATE ROLE ${OUTSIDER} NOLOGIN`);
});

afterEach(async () => {
  await Promise.all(opened.map((router) => router.stop()));
  opened = [];
});

afterAll(async () => {
  await onServer(`DROP ROLE ${WEAK}`);
  await onServer(`DROP ROLE ${OUTSIDER}`);
});

function open(urls: readonly string[], more: Partial<RouterOptions> = {}): Router {
  const [primaryUrl = '', ...replicaUrls] = urls;
  const router = openRouter({ primaryUrl, replicaUrls }, more);
  opened.push(router);
  return router;
}

const changed = (parts: Partial<URL>, parameters = '') =>
  `${Object.assign(new URL(database.primaryUrl), parts).href}${parameters}`;

/** The message of each line of a log, with its level. */
function recorder() {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  return { logger, lines: () => lines.map((line) => JSON.parse(line)) };
}

describe('a cause that waiting does not remove', () => {
  test.each([
    ['a wrong password', () => changed({ password: 'wrong' }), 'password authentication failed for user'],
    ['no password', () => changed({ password: '' }), 'the server asks for a password, and the URL has none'],
    [
      'a database that is not there',
      () => changed({ pathname: 'nowhere' }),
      'database "nowhere" does not exist',
    ],
    ['a role that may not log in', () => changed({ username: OUTSIDER, password: 'x' }), OUTSIDER],
    ['a server without TLS', () => changed({}, '?sslmode=require'), 'does not support SSL connections'],
  ])('%s ends the start at once, and is shown', async (_what, url, cause) => {
    const router = open([url()]);
    const message = new RegExp(`^no database node accepts this service \\(.*: unknown, .*${cause}.*\\)$`);
    await expect(router.waitForPrimary(3_600_000)).rejects.toThrow(message);
    await expect(router.start()).rejects.toThrow(message);
    const [node] = router.status();
    expect(node).toMatchObject({ healthy: false, reason: 'not reachable' });
    expect(node?.cause).toContain(cause);
  });

  test('leaves no connection open', async () => {
    const { port } = new URL(database.primaryUrl);
    const relay = await startRelay(Number(port));
    const router = open([changed({ password: '', port: String(relay.port) })]);
    await router.check();
    expect(router.status()[0]?.cause).toContain('the URL has none');
    await expect.poll(() => relay.open).toBe(0);
    relay.close();
  });

  test('does not end the start while another node may still come', async () => {
    const router = open([changed({ password: 'wrong' }), changed({ port: '1' })]);
    await expect(router.waitForPrimary(0)).rejects.toThrow(
      /^no primary after 0 ms \(.*password authentication failed.*; .*connect ECONNREFUSED.*\)$/,
    );
  });

  test('does not end the start while another node serves', async () => {
    const router = open([changed({ password: 'wrong', hostname: 'localhost' }), database.primaryUrl]);
    expect((await router.waitForPrimary(0)).url).toBe(database.primaryUrl);
  });
});

test('a file that a URL names and that is not there is named', () => {
  expect(() => open([changed({}, '?sslmode=verify-full&sslrootcert=%2Fnowhere%2Fca.pem')])).toThrow(
    /^sslrootcert of a database URL cannot be read: ENOENT.*\/nowhere\/ca\.pem/,
  );
});

test('a login that may not see the replication gets that reason, not that the replica is stale', async () => {
  const weak = (url: string) => Object.assign(new URL(url), { username: WEAK, password: PASSWORD }).href;
  const router = open([database.primaryUrl, ...database.replicaUrls].map(weak));
  await router.check();
  expect(router.status().map(({ reason }) => reason)).toEqual(['', 'cannot see replication']);
});

test('one server under two names is one primary, which is logged', async () => {
  const { logger, lines } = recorder();
  const router = open([database.primaryUrl, changed({ hostname: 'localhost' })], { logger });
  await router.check();
  expect(router.status().map(({ role, reason }) => `${role}: ${reason}`)).toEqual([
    'primary: ',
    'primary: same server as another node',
  ]);
  expect(router.writable).toBe(true);
  expect(lines()).toContainEqual(expect.objectContaining({ reason: 'same server as another node' }));
});

test('with a replica that confirms commits the first check logs no warning', async () => {
  const { logger, lines } = recorder();
  const router = open([database.primaryUrl, ...database.replicaUrls], { logger });
  await router.check();
  expect(router.confirmedBy).toBe(1);
  expect(lines().filter(({ level }) => level >= 40)).toEqual([]);
  expect(lines()).toContainEqual(expect.objectContaining({ msg: 'writes go to this primary' }));
});

test('a single server is logged as one: its commits are confirmed by nobody else', async () => {
  const { cluster, remove } = await startTemporaryCluster({ replica: false });
  const { logger, lines } = recorder();
  const router = open([cluster.primaryUrl], { logger });
  try {
    await router.check();
    await router.check();
    expect([router.confirmedBy, router.writable]).toEqual([0, true]);
    const alone = lines().filter(({ msg }) => msg.startsWith('no replica confirms commits, as the primary'));
    expect(alone).toHaveLength(1);
  } finally {
    await router.stop();
    await remove();
  }
});

test('while writes fail because the server cannot write, it is not writable', async () => {
  let nowMs = 0;
  const router = open([database.primaryUrl], { now: () => nowMs });
  await router.check();
  const write = (statement: string) =>
    router.write(async (tx) => ({ writes: [tx.query(statement, [])], result: undefined }));
  const fail = () =>
    expect(
      write("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"),
    ).rejects.toThrow();
  await fail();
  expect(router.writable).toBe(false);
  await write('SELECT 1');
  expect(router.writable).toBe(true);
  await fail();
  nowMs += 10_000;
  expect(router.writable).toBe(true);
  await expect(write('SELECT 1 / 0')).rejects.toThrow('division by zero');
  expect(router.writable).toBe(true);
});

test('an error of our own code in a read is thrown at once, and is no cause', async () => {
  const router = open([database.primaryUrl, ...database.replicaUrls]);
  await router.check();
  const bug = new Error('a bug');
  let runs = 0;
  const read = router.read(async (db) => {
    runs++;
    await db.query('SELECT 1', []);
    throw bug;
  });
  await expect(read).rejects.toBe(bug);
  const wrong = router.read((db) => db.query('SELECT 1 / 0', []));
  await expect(wrong).rejects.toMatchObject({ code: '22012' });
  expect(runs).toBe(1);
  expect(router.status().map(({ reason }) => reason)).toEqual(['', '']);
});
