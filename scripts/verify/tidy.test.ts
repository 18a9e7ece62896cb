/** What is tidy, and what is not. */
import { expect, test } from 'vitest';
import { check } from './tidy.ts';

const wide = 'x'.repeat(111);
const MIGRATION = 'db/migrations/20261126090000_a.sql';
const up = (text: string) => `-- migrate:up\n\n${text}\n-- migrate:down transaction:false\n\nDROP INDEX c;\n`;

test.each([
  ['a.ts', `// ${'x'.repeat(107)}\n`],
  ['a.md', `| ${wide} |\n`],
  ['a.md', `see https://example.test/${wide}\n`],
  ['Makefile', `\t@echo ${wide}\n`],
  ['a.ts', '// A late request is rejected, and each retry gets the first reply again.\n'],
  ['a.ts', `describe('all', () => {\n${'  test();\n'.repeat(100)}});\n`],
  ['a.ts', `function f() {\n${'  g();\n'.repeat(68)}}\n`],
  ['a.md', 'line\n'.repeat(500)],
  [MIGRATION, up('-- Why; and how.\nALTER TABLE a ADD COLUMN b int;\n')],
  ['db/migrations/20261101090100_b.sql', up('SELECT 1;\nSELECT 2;\n')],
])('in %s this is tidy: %.60s', (path, text) => {
  expect(check(path, text)).toEqual([]);
});

test.each([
  ['a.ts', `const a = 1;\n// ${wide}\n`, 'a.ts:2: 114 columns, 110 at most'],
  ['a.md', `${wide}\n`, 'a.md:1: 111 columns, 110 at most'],
  ['a.sql', `-- ${wide}\n`, 'a.sql:1: 114 columns, 110 at most'],
  ['Makefile', `# ${wide}\n`, 'Makefile:1: 113 columns, 110 at most'],
  ['a.ts', '// The caller hears of it.\n', 'a.ts:1: "hears" is not plain English'],
  ['a.md', 'Whoever comes late\n', 'a.md:1: "Whoever" is not plain English'],
  ['a.ts', "test('the log is told once', f);\n", 'a.ts:1: "is told" is not plain English'],
  ['a.ts', 'x\n'.repeat(401), 'a.ts: 401 lines, 400 at most'],
  ['a.ts', `\nfunction f() {\n${'  g();\n'.repeat(69)}}\n`, 'a.ts:2: a function of 71 lines, 70 at most'],
  [MIGRATION, up('SELECT 1;\nSELECT 2;\n'), `${MIGRATION}: one statement in each direction`],
  [MIGRATION, up('-- SELECT 1;\n'), `${MIGRATION}: one statement in each direction`],
  [MIGRATION, '-- migrate:up\nSELECT 1;\n', `${MIGRATION}: one part for each direction`],
  [
    MIGRATION,
    up('ALTER TABLE a ADD COLUMN b int CHECK (b > 0);\n'),
    `${MIGRATION}: a constraint is added by a statement of its own`,
  ],
  ['a.ts', `test('a', () => {\n${'  g();\n'.repeat(69)}});\n`, 'a.ts:1: a function of 71 lines, 70 at most'],
])('in %s this is not: %.40s', (path, text, finding) => {
  expect(check(path, text)).toEqual([finding]);
});
