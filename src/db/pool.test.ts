/** Connections to a node: prepared statements, integers, limits. */
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../../test/support/database.ts';
import { stockRead } from '../generated/sql/stocks.ts';
import { openPool, readerOf } from './pool.ts';
import { statementName } from './statements.ts';
import type { Queryable } from './types.ts';

const database = useDatabase();
let pool: pg.Pool;
let reader: Queryable;

beforeAll(async () => {
  const limits = { poolSize: 1, connectTimeoutMs: 2_000, readTimeoutMs: 500, writeTimeoutMs: 10_000 };
  pool = openPool(database.primaryUrl, limits, () => {});
  reader = readerOf(pool, limits.readTimeoutMs);
});

afterAll(async () => {
  await pool?.end();
});

test('a statement is prepared on the server once, under a name derived from its text', async () => {
  const text = 'SELECT $1::int AS number';
  for (const number of [1, 2, 3]) expect((await reader.query(text, [number])).rows).toEqual([{ number }]);
  const { rows } = await reader.query('SELECT name, statement FROM pg_prepared_statements ORDER BY 2', []);
  expect(rows.filter((row) => row.statement === text)).toEqual([
    { name: statementName(text), statement: text },
  ]);
});

test('64-bit integers, alone and in arrays, are sent and returned digit for digit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), async (numbers) => {
      const text =
        'SELECT number FROM unnest($1::bigint[]) WITH ORDINALITY AS t (number, place) ORDER BY place';
      expect((await reader.query(text, [numbers])).rows.map((row) => row.number)).toEqual(numbers);
    }),
    { numRuns: 30 },
  );
});

test('arrays of text are quoted, whatever they contain', async () => {
  const words = ['a,b', '{}', '"', '\\', '', 'NULL', "'; DROP TABLE orders"];
  const { rows } = await reader.query('SELECT unnest($1::text[]) AS word', [words]);
  expect(rows.map((row) => row.word)).toEqual(words);
});

test('commits on these connections wait until the replica has applied them', async () => {
  expect((await reader.query('SHOW synchronous_commit', [])).rows).toEqual([
    { synchronous_commit: 'remote_apply' },
  ]);
});

test('a statement has one plan, whatever its values', async () => {
  for (const sku of [1n, 2n, 3n]) await stockRead.run({ skus: [sku] }, reader);
  const plans = 'SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = $1';
  expect((await reader.query(plans, ['stocks.stockRead'])).rows).toEqual([
    { generic_plans: 3n, custom_plans: 0n },
  ]);
});

test('a read that takes too long fails, and the next one has a working connection', async () => {
  const pid = async () => (await reader.query('SELECT pg_backend_pid() AS pid', [])).rows[0]?.pid;
  const before = await pid();
  await expect(reader.query('SELECT pg_sleep(5)', [])).rejects.toThrow('timeout');
  // The old connection, on which the statement still runs, is destroyed and not reused.
  expect(await pid()).not.toBe(before);
  expect(pool.totalCount).toBe(1);
});
