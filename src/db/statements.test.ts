/** The names of statements. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { orderLock } from '../generated/sql/orders.ts';
import { statementFiles, statementName } from './statements.ts';

/** What a query sends. */
async function textOf(query: { run(params: never, db: never): Promise<unknown> }): Promise<string> {
  let sent = '';
  const db = {
    query: async (text: string) => {
      sent = text;
      return { rows: [] };
    },
  };
  await query.run({ orderIds: [1n] } as never, db as never);
  return sent;
}

test('a statement of sql/ is named by its file and its query', async () => {
  expect(statementName(await textOf(orderLock))).toBe('orders.orderLock');
});

test('every file of sql/ is known', () => {
  const files = readdirSync('sql').map((file) => file.replace(/\.sql$/, ''));
  expect(Object.keys(statementFiles).sort()).toEqual(files.sort());
});

test('names are unique, and fit into what the server keeps of a name', () => {
  const all = Object.entries(statementFiles).flatMap(([file, queries]) =>
    Object.keys(queries).map((query) => `${file}.${query}`),
  );
  expect(new Set(all).size).toBe(all.length);
  expect(all.filter((name) => name.length > 63)).toEqual([]);
});

test('another text has a name of its own, and always the same', () => {
  expect(statementName('SELECT 1')).toMatch(/^[0-9a-f]{32}$/);
  expect(statementName('SELECT 1')).toBe(statementName('SELECT 1'));
  expect(statementName('SELECT 1')).not.toBe(statementName('SELECT 2'));
});
