/** docs/stock-files.md against the program: its columns, reasons and limits. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adjustmentReasons } from '../../src/domain/stock/adjust.ts';
import { OWN_COLUMNS } from '../../src/stock-files/columns.ts';
import { FILE_MAX_BYTES, ROW_MAX_BYTES, ROWS_MAX } from '../../src/stock-files/csv.ts';
import { BATCH_LINES_MAX } from '../../src/stock-files/plan.ts';
import { ATTEMPTS_MAX } from '../../src/stock-files/rest.ts';
import { named, table } from '../support/tables.ts';

const PATH = 'docs/stock-files.md';

test('lists every column and every reason', () => {
  const rows = table(PATH, '## Columns').slice(0, OWN_COLUMNS.length);
  expect(rows.flatMap(([names = '']) => named(names)).sort()).toEqual([...OWN_COLUMNS].sort());
  for (const reason of adjustmentReasons) expect(readFileSync(PATH, 'utf8')).toContain(`\`${reason}\``);
});

test('lists every limit with its value', () => {
  expect(table(PATH, 'A row is refused when').map(([name, value]) => [name, value])).toEqual([
    ['size of a file', `${FILE_MAX_BYTES / 1024 ** 2} MiB`],
    ['rows of a file', ROWS_MAX.toLocaleString('en')],
    ['size of a row', `${ROW_MAX_BYTES / 1024} KiB`],
    ['rows of a request', BATCH_LINES_MAX.toLocaleString('en')],
    ['attempts to send a request', String(ATTEMPTS_MAX)],
  ]);
});
