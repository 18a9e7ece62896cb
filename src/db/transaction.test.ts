/** The outcome of a transaction when its statements, its COMMIT or its connection fail. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { useDatabase } from '../../test/support/database.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { DatabaseUnavailable, OutcomeUnknown, sqlStateOf } from './errors.ts';
import { openPool } from './pool.ts';
import { inTransaction } from './transaction.ts';
import { MustSplit, type Queryable } from './types.ts';

const limits = { poolSize: 4, connectTimeoutMs: 2_000, readTimeoutMs: 2_000, writeTimeoutMs: 10_000 };

const deadlines = new Deadlines();
const within = (timeoutMs: number) => ({ timeoutMs, deadlines });

const database = useDatabase();
let pool: pg.Pool;

beforeAll(async () => {
  await database.query('CREATE TABLE notes (id int PRIMARY KEY, word text CHECK (word <> $$bad$$))');
  pool = openPool(database.primaryUrl, limits, () => {});
});

afterAll(async () => {
  await pool?.end();
});

beforeEach(async () => {
  await database.query('DELETE FROM notes');
});

const write = (db: Queryable, id: number, word = 'good') =>
  db.query('INSERT INTO notes (id, word) VALUES ($1, $2)', [id, word]);
const notes = async () => (await database.query('SELECT id FROM notes ORDER BY id')).map((row) => row.id);

test("the work's writes are committed when it returns", async () => {
  const result = await inTransaction(pool, within(5_000), async (db) => {
    await db.query('SELECT 1', []);
    return { writes: [write(db, 1), write(db, 2)], result: 'both' };
  });
  expect([result, await notes()]).toEqual(['both', [1, 2]]);
});

test('a failed statement before a pipelined COMMIT rolls back all and is thrown unchanged', async () => {
  const attempt = inTransaction(pool, within(5_000), async (db) => ({
    writes: [write(db, 1), write(db, 2, 'bad'), write(db, 3)],
    result: undefined,
  }));
  expect(sqlStateOf(await attempt.catch((error) => error))).toBe('23514');
  expect(await notes()).toEqual([]);
  await inTransaction(pool, within(5_000), async (db) => ({ writes: [write(db, 4)], result: undefined }));
  expect(await notes()).toEqual([4]);
});

test('the error of a rejected COMMIT is thrown unchanged, and nothing is committed', async () => {
  await database.query(
    'ALTER TABLE notes ADD CONSTRAINT one_word UNIQUE (word) DEFERRABLE INITIALLY DEFERRED',
  );
  const attempt = inTransaction(pool, within(5_000), async (db) => ({
    writes: [write(db, 1, 'twin'), write(db, 2, 'twin')],
    result: undefined,
  }));
  expect(sqlStateOf(await attempt.catch((error) => error))).toBe('23505');
  await database.query('ALTER TABLE notes DROP CONSTRAINT one_word');
  expect(await notes()).toEqual([]);
});

test('when only BEGIN fails, the statements pipelined behind it write nothing', async () => {
  const own = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  let pid: number | undefined;
  own.on('connect', (client) => {
    pid = (client as unknown as { processID: number }).processID;
    const send = client.query.bind(client) as (query: unknown) => Promise<unknown>;
    const failBegin = (query: unknown) => send(String(query).startsWith('BEGIN') ? 'SELECT 1 / 0' : query);
    client.query = failBegin as typeof client.query;
  });
  const attempt = inTransaction(own, within(5_000), async (db) => {
    await write(db, 1);
    return { writes: [write(db, 2)], result: undefined };
  });
  await expect(attempt).rejects.toThrow(DatabaseUnavailable);
  await own.end();
  // The server finishes what it has received, even after the client disconnects.
  const sessions = () => database.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
  await expect.poll(sessions).toEqual([]);
  expect(await notes()).toEqual([]);
});

test('work that throws before COMMIT is rolled back', async () => {
  const attempt = inTransaction(pool, within(5_000), async (db) => {
    await write(db, 1);
    throw new Error('changed my mind');
  });
  await expect(attempt).rejects.toThrow('changed my mind');
  expect(await notes()).toEqual([]);
});

test('work of a batch that must be split writes nothing, and keeps the connection', async () => {
  const single = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  const pids = new Set<unknown>();
  for (const id of [1, 2]) {
    const attempt = inTransaction(single, within(5_000), async (db) => {
      await write(db, id);
      pids.add((await db.query('SELECT pg_backend_pid() AS pid', [])).rows[0]?.pid);
      throw new MustSplit('too many');
    });
    await expect(attempt).rejects.toThrow('too many');
  }
  expect([await notes(), pids.size]).toEqual([[], 1]);
  await single.end();
});

test('work that asks for a rollback writes nothing, gets its result, and keeps the connection', async () => {
  const single = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  const pids = new Set<unknown>();
  for (const id of [1, 2]) {
    const result = await inTransaction(single, within(5_000), async (db) => {
      await write(db, id);
      pids.add((await db.query('SELECT pg_backend_pid() AS pid', [])).rows[0]?.pid);
      return { rollback: 'later' };
    });
    expect(result).toBe('later');
  }
  expect([await notes(), pids.size]).toEqual([[], 1]);
  await single.end();
});

test('a connection lost before ROLLBACK is sent fails the transaction without effect', async () => {
  const attempt = inTransaction(pool, within(5_000), async (db) => {
    await write(db, 1);
    const { rows } = await db.query('SELECT pg_backend_pid() AS pid', []);
    await database.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    return { rollback: undefined };
  });
  await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await notes()).toEqual([]);
});

test('a connection lost before COMMIT is sent fails the transaction without effect', async () => {
  const attempt = inTransaction(pool, within(5_000), async (db) => {
    await write(db, 1);
    const { rows } = await db.query('SELECT pg_backend_pid() AS pid', []);
    await database.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await write(db, 2);
    return { writes: [], result: undefined };
  });
  await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await notes()).toEqual([]);
});

test('a COMMIT without a reply in time has an unknown outcome', async () => {
  const attempt = inTransaction(pool, within(300), async (db) => ({
    writes: [db.query('SELECT pg_sleep(1)', [])],
    result: undefined,
  }));
  await expect(attempt).rejects.toBeInstanceOf(OutcomeUnknown);
});

test.each([
  ['a warning, in whatever language', { severity: 'WARNUNG', code: '01000' }, 'OutcomeUnknown'],
  ['a notice', { severity: 'HINWEIS', code: '00000' }, 'done'],
])('a COMMIT with %s', async (_title, notice, expected) => {
  const own = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  own.on('connect', (client) => {
    const send = client.query.bind(client) as (query: unknown) => Promise<unknown>;
    const query = async (text: unknown) => {
      const answer = await send(text);
      if (text === 'COMMIT') client.emit('notice', notice as never);
      return answer;
    };
    client.query = query as typeof client.query;
  });
  const attempt = inTransaction(own, within(5_000), async (db) => ({
    writes: [write(db, 1)],
    result: 'done',
  }));
  expect(await attempt.catch(({ name }) => name)).toBe(expected);
  await own.end();
});

test('warnings are sent, whatever is set for the role', async () => {
  await database.query('ALTER ROLE CURRENT_USER SET client_min_messages = error');
  const own = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  const shown = await own.query('SHOW client_min_messages');
  await own.end();
  await database.query('ALTER ROLE CURRENT_USER RESET client_min_messages');
  expect(shown.rows).toEqual([{ client_min_messages: 'warning' }]);
});

test('a connection whose transaction did not end is destroyed and replaced', async () => {
  const single = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  const pidOf = async (db: Queryable) =>
    (await db.query('SELECT pg_backend_pid() AS pid', [])).rows[0]?.pid as number;
  const pids: number[] = [];
  const shortTransaction = () =>
    inTransaction(single, within(5_000), async (db) => {
      pids.push(await pidOf(db));
      return { writes: [], result: undefined };
    });
  await shortTransaction();
  await shortTransaction();
  const stuck = inTransaction(single, within(300), async (db) => ({
    writes: [db.query('SELECT pg_sleep(1)', [])],
    result: undefined,
  }));
  await expect(stuck).rejects.toBeInstanceOf(OutcomeUnknown);
  expect(single.totalCount).toBe(0);
  await shortTransaction();
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[0]);
  await single.end();
});

test('work that throws before its first statement sends nothing, and its connection is reused', async () => {
  const single = openPool(database.primaryUrl, { ...limits, poolSize: 1 }, () => {});
  const pid = () =>
    inTransaction(single, within(5_000), async (db) => {
      const { rows } = await db.query('SELECT pg_backend_pid() AS pid', []);
      return { writes: [], result: rows[0].pid };
    });
  const before = await pid();
  const refusal = new Error('too late');
  const late = inTransaction(single, within(5_000), async () => {
    throw refusal;
  });
  await expect(late).rejects.toBe(refusal);
  expect(await pid()).toBe(before);
  await single.end();
});

test('a lock timeout fails the transaction without effect', async () => {
  await database.query("INSERT INTO notes VALUES (1, 'good')");
  const impatient = openPool(database.primaryUrl, { ...limits, writeTimeoutMs: 400 }, () => {});
  const holder = new pg.Client({ connectionString: database.primaryUrl });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM notes WHERE id = 1 FOR UPDATE');
    const attempt = inTransaction(impatient, within(400), async (db) => ({
      writes: [db.query('UPDATE notes SET word = $1 WHERE id = 1', ['late'])],
      result: undefined,
    }));
    const error = await attempt.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect(sqlStateOf(error.cause)).toBe('55P03');
  } finally {
    await holder.end();
    await impatient.end();
  }
});

test('deadlocked transactions are retried until both commit', async () => {
  await database.query("INSERT INTO notes VALUES (1, 'a'), (2, 'a')");
  let attempts = 0;
  let signalBothStarted = () => {};
  const bothStarted = new Promise<void>((resolve) => {
    signalBothStarted = resolve;
  });
  const updateInOrder = (first: number, second: number) =>
    inTransaction(pool, within(9_000), async (db) => {
      await db.query('UPDATE notes SET word = word || $1 WHERE id = $2', ['b', first]);
      if (++attempts === 2) signalBothStarted();
      await bothStarted;
      return {
        writes: [db.query('UPDATE notes SET word = word || $1 WHERE id = $2', ['b', second])],
        result: undefined,
      };
    });
  await Promise.all([updateInOrder(1, 2), updateInOrder(2, 1)]);
  expect(attempts).toBe(3);
  expect(await database.query('SELECT word FROM notes')).toEqual([{ word: 'abb' }, { word: 'abb' }]);
});

test('a transaction that deadlocks every time is attempted four times and has no effect', async () => {
  await database.query("INSERT INTO notes VALUES (1, 'a'), (2, 'a')");
  const opponent = new pg.Client({ connectionString: database.primaryUrl });
  await opponent.connect();
  let attempts = 0;
  try {
    // The session that checks for a deadlock first is the one that is rolled back.
    await opponent.query("SET deadlock_timeout = '60s'");
    let blocked: Promise<unknown> = Promise.resolve();
    const attempt = inTransaction(pool, within(9_000), async (db) => {
      attempts++;
      await blocked;
      await opponent.query('ROLLBACK');
      await opponent.query('BEGIN');
      await opponent.query("UPDATE notes SET word = 'c' WHERE id = 2");
      await db.query("SET LOCAL deadlock_timeout = '10ms'", []);
      await db.query("UPDATE notes SET word = 'b' WHERE id = 1", []);
      blocked = opponent.query("UPDATE notes SET word = 'c' WHERE id = 1");
      return { writes: [db.query("UPDATE notes SET word = 'b' WHERE id = 2", [])], result: undefined };
    });
    const error = await attempt.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect([attempts, sqlStateOf(error.cause)]).toEqual([4, '40P01']);
    await blocked;
  } finally {
    await opponent.end();
  }
  expect(await database.query('SELECT word FROM notes')).toEqual([{ word: 'a' }, { word: 'a' }]);
});

test('a transaction with a serialisation failure is retried', async () => {
  await database.query("INSERT INTO notes VALUES (1, 'a')");
  let attempts = 0;
  await inTransaction(pool, within(9_000), async (db) => {
    attempts++;
    await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', []);
    await db.query('SELECT word FROM notes', []);
    if (attempts === 1) await database.query("UPDATE notes SET word = 'b'");
    return { writes: [db.query("UPDATE notes SET word = word || 'c'", [])], result: undefined };
  });
  expect([attempts, await database.query('SELECT word FROM notes')]).toEqual([2, [{ word: 'bc' }]]);
});

test.each([
  [1, 2, []],
  [2, 2, ['XX000']],
])(
  'of a transaction that fails %i times inside the server, %i attempts are made',
  async (times, count, error) => {
    await database.query(`
    CREATE SEQUENCE failures;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('failures') <= ${times} THEN RAISE EXCEPTION USING ERRCODE = 'internal_error'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION fail()`);
    let attempts = 0;
    try {
      const errors: unknown[] = [];
      const work = async (db: Queryable) => {
        attempts++;
        return { writes: [write(db, 1)], result: undefined };
      };
      await inTransaction(pool, within(9_000), work).catch((thrown) => errors.push(sqlStateOf(thrown)));
      expect([attempts, errors]).toEqual([count, error]);
    } finally {
      await database.query('DROP FUNCTION fail CASCADE; DROP SEQUENCE failures');
    }
    expect(await notes()).toEqual(error.length === 0 ? [1] : []);
  },
);

test('an unreachable server fails the transaction without effect', async () => {
  const nowhere = openPool('postgres://postgres@127.0.0.1:1/loms', limits, () => {});
  const attempt = inTransaction(nowhere, within(1_000), async () => ({ writes: [], result: undefined }));
  await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
  await nowhere.end();
});

test('a read-only node fails the transaction before anything is written', async () => {
  const replicaPool = openPool(database.replicaUrls[0] ?? '', limits, () => {});
  const attempt = inTransaction(replicaPool, within(1_000), async (db) => ({
    writes: [write(db, 1)],
    result: undefined,
  }));
  await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
  await replicaPool.end();
});
