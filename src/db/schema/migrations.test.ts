/** The form of migration files, which is dbmate's. */
import { expect, test } from 'vitest';
import { checkVersions, parseMigration } from './migrations.ts';

const file = '20260101000000_x.sql';
const parse = (text: string) => parseMigration(file, text);

test('what stands between up and down is applied, in a transaction', () => {
  const text = '-- Why.\n\n-- migrate:up\nCREATE TABLE a ();\n\n-- migrate:down\nDROP TABLE a;\n';
  expect(parse(text)).toEqual({
    version: '20260101000000',
    file,
    up: '\nCREATE TABLE a ();\n\n',
    transaction: true,
  });
});

test.each([
  ['-- migrate:up transaction:false\nSELECT 1', false],
  ['-- migrate:up transaction:true\nSELECT 1', true],
  ['--migrate:up   transaction:false  \nSELECT 1\n-- migrate:down', false],
  ['-- migrate:up\nSELECT 1\n-- migrate:down transaction:false', true],
])('%j: its transaction is %s', (text, transaction) => {
  expect(parse(text)).toMatchObject({ transaction, up: expect.stringMatching(/^\nSELECT 1\n?$/) });
});

test.each([
  ['SELECT 1', 'has no line "-- migrate:up"'],
  ['-- migrate:upgrade', 'has no line "-- migrate:up"'],
  ['SELECT 1;\n-- migrate:up', 'has statements before'],
  ['-- migrate:down\n-- migrate:up', 'has "-- migrate:down" before'],
  ['-- migrate:up transaction:no', 'has an unknown option: transaction:no'],
])('%j is rejected', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test('two migrations with one version are an error that names both', () => {
  const named = (name: string) => ({ ...parse('-- migrate:up'), file: name, version: name.slice(0, 2) });
  const sorted = [named('01_a.sql'), named('02_b.sql'), named('03_c.sql')];
  expect(checkVersions(sorted)).toBe(sorted);
  const twice = [...sorted, named('03_d.sql')];
  expect(() => checkVersions(twice)).toThrow('03_c.sql and 03_d.sql have the same version');
});
