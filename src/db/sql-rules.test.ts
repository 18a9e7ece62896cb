/** Rules for the statements of sql/: what the design forbids, and what a sharded database cannot do. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../sql/', import.meta.url);

/** Every statement by its name, without comments. */
const statements = readdirSync(folder)
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .flatMap((text) => text.split('/* @name ').slice(1))
  .map((text) => ({
    name: text.split(' ', 1)[0] ?? '',
    text: text
      .slice(text.indexOf('*/') + 2)
      .replaceAll(/--.*/g, '')
      .replaceAll(/\/\*[\s\S]*?\*\//g, ''),
  }));

/** The tables that a statement writes, each as often as it does. Locks and conflicts are no writes. */
function writtenBy(text: string): string[] {
  const verb = /(INSERT\s+INTO|(?<!\bFOR\s+|\bKEY\s+|\bDO\s+)UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE)/;
  const writes = new RegExp(`\\b${verb.source}\\s+(?:ONLY\\s+)?(?:public\\.)?"?(\\w+)`, 'gi');
  return [...text.matchAll(writes)].map(([, , table = '']) => table.toLowerCase());
}

const namesOf = (all: typeof statements) => all.map(({ name }) => name).sort();
const matching = (pattern: RegExp) => statements.filter(({ text }) => pattern.test(text));

test('the statements are found', () => {
  expect(statements.length).toBeGreaterThan(60);
  expect(namesOf(statements.filter(({ text }) => text.includes('--')))).toEqual([]);
});

test.each([
  ['SKIP LOCKED', /\bSKIP\s+LOCKED\b/i],
  ['a trigger', /\bTRIGGER\b/i],
  ['a savepoint', /\bSAVEPOINT\b/i],
  // It takes a lock of the whole cluster at the commit: docs/decisions/event-feed.md.
  ['NOTIFY', /\b(pg_)?notify\b/i],
])('no statement has %s', (_title, pattern) => {
  expect(namesOf(matching(pattern))).toEqual([]);
});

test('a statement that writes reads no clock that goes on while it runs', () => {
  const writing = matching(/\bclock_timestamp\b/i).filter(({ text }) => writtenBy(text).length > 0);
  expect(namesOf(writing)).toEqual([]);
});

test('a statement writes each table once', () => {
  const repeating = statements.filter(({ text }) => new Set(writtenBy(text)).size < writtenBy(text).length);
  expect(namesOf(repeating)).toEqual([]);
});

test('an update from arrays names its keys, by which a sharded database finds the servers', () => {
  const updates = matching(/\bUPDATE\b[^;]*?\bSET\b[^;]*?\bFROM\s+unnest\b/i).filter(
    ({ text }) => !/\bON\s+CONFLICT\b/i.test(text),
  );
  expect(namesOf(updates)).toEqual(['orderExtend', 'stockChange']);
  expect(namesOf(updates.filter(({ text }) => !text.includes('= ANY(')))).toEqual([]);
});

test('what an update sets is no time that is made of a column', () => {
  expect(namesOf(matching(/\bUPDATE\b[^;]*?\bSET\b[^;]*?'epoch'::timestamptz\s*\+/i))).toEqual([]);
});

test.each([
  // stockOpen adds skus without pieces; the others change counters and write their movements.
  ['stocks', ['stockChange', 'stockOpen', 'stockRepair']],
  // Delete and reopen put an opening with the same balance in the place of old movements.
  ['stock_movements', ['stockChange', 'stockMovementDelete', 'stockMovementReopen', 'stockRepair']],
])('no other statement of ours writes %s', (table, expected) => {
  expect(namesOf(statements.filter(({ text }) => writtenBy(text).includes(table)))).toEqual(expected);
});
