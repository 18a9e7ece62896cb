/** Files of stock: what each form means, and the answer to what is wrong with a file or a row. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REQUEST_MAX_BYTES } from '../domain/limits.ts';
import { FileRefused, ROW_MAX_BYTES, ROWS_MAX } from './csv.ts';
import { BATCH_LINES_MAX, describePlan, planImport } from './plan.ts';

const plan = (text: string | Buffer) => planImport(Buffer.from(text));
const linesOf = async (text: string | Buffer) => {
  const { batches } = await plan(text);
  return batches.flatMap(({ lines }) => lines.map(({ json }) => JSON.parse(json)));
};

const received = { sku: 5, change: 10, reason: 'received' };

test.each([
  ['a change', 'sku,change,reason\n5,10,received', received],
  ['a change without a reason', 'sku,change\n5,-10', { sku: 5, change: -10, reason: 'correction' }],
  ['a sign', 'sku,change,reason\n5,+10,received', received],
  [
    'every column of a change',
    'sku,change,count,counted_at,expected,reason,reference,note\n5,10,,,7,found,PO 1,"a ""b"", c"',
    { sku: 5, change: 10, expectedTotal: 7, reason: 'found', reference: 'PO 1', note: 'a "b", c' },
  ],
  [
    'a count at a time',
    'sku,count,counted_at,note\n5,10,2026-11-26T14:00:00+02:00,shelf',
    { sku: 5, counted: 10, countedAt: '2026-11-26T12:00:00.000000Z', note: 'shelf' },
  ],
  [
    'a count instead of what is expected',
    'sku,count,expected,reason\n5,10,12,lost',
    { sku: 5, change: -2, expectedTotal: 12, reason: 'lost' },
  ],
  [
    "Shopify's export",
    'Handle,SKU,Location,On hand (current),On hand (new)\nshirt,5,Berlin,12,10',
    {
      sku: 5,
      change: -2,
      expectedTotal: 12,
      reason: 'correction',
    },
  ],
  [
    "Shopify's export of a product not stocked yet",
    'SKU,On hand (current),On hand (new)\n5,Not stocked,10',
    {
      sku: 5,
      change: 10,
      expectedTotal: 0,
      reason: 'correction',
    },
  ],
  ['a byte order mark', '\ufeffsku,change,reason\n5,10,received', received],
  ['semicolons', 'sku;change;reason\r\n5;10;received\r\n', received],
  ['tabs', 'sku\tchange\treason\r5\t10\treceived', received],
  ['upper case and blanks', ' SKU , Change,REASON\n 5 , 10 ,received ', received],
  ['quotes and empty rows', '"sku","change","reason"\n\n"5","10","received"\n,,\n\n', received],
])('%s', async (_, text, line) => {
  expect(await linesOf(text)).toEqual([line]);
});

test('numbers keep all their digits', async () => {
  const { batches } = await plan('sku,change,expected\n4294967295,-9223372036854775808,9223372036854775807');
  expect(batches[0]?.lines[0]?.json).toBe(
    '{"sku":4294967295,"change":-9223372036854775808,"expectedTotal":9223372036854775807,' +
      '"reason":"correction"}',
  );
});

test.each([
  ['a count that is as expected', 'sku,count,expected\n5,7,7'],
  ['a change by nothing', 'sku,change\n5,0'],
  ['a blank new value of Shopify, whatever the sku is', 'SKU,On hand (current),On hand (new)\nA-1,12,'],
])('%s leaves the stock as it is', async (_, text) => {
  expect(await plan(text)).toMatchObject({ rows: 1, unchanged: 1, refused: [], batches: [] });
});

const separators = 'has separators between its digits';
const scientific = 'is in scientific notation, which has lost digits: format the column as a number';
const formula = 'is a formula: save the values';

test.each([
  ['A-1,2', 'sku "A-1" is no whole number from 1 to 4294967295'],
  ['0,2', 'sku "0" is no whole number from 1 to 4294967295'],
  ['4294967296,2', 'sku "4294967296" is no whole number from 1 to 4294967295'],
  ['007,2', 'sku "007" begins with a 0'],
  [',2', 'sku is missing'],
  ['1.23E+12,2', `sku "1.23E+12" ${scientific}`],
  ['"1,23E+12",2', `sku "1,23E+12" ${scientific}`],
  ['5,1e3', `change "1e3" ${scientific}`],
  ['5,"1,234"', `change "1,234" ${separators}`],
  ['5,1.234.567', `change "1.234.567" ${separators}`],
  ['5,1\u00a0234', `change "1\u00a0234" ${separators}`],
  ["5,-1'234", `change "-1'234" ${separators}`],
  ['5,1.5', 'change "1.5" is no whole number from -9223372036854775808 to 9223372036854775807'],
  [
    '5,9223372036854775808',
    'change "9223372036854775808" is no whole number from -9223372036854775808 to 9223372036854775807',
  ],
  ['5,=A1+1', `change "=A1+1" ${formula}`],
  ['5,+A1', `change "+A1" ${formula}`],
  ['"=""5""",2', `sku "="5"" ${formula}`],
  ['5,', 'exactly one of change and count must be there'],
  ['5,1,2', 'exactly one of change and count must be there'],
  ['5,1,,2026-11-26T12:00:00Z', 'a change has no counted_at'],
  ['5,,2', 'a count needs either counted_at or expected'],
  ['5,,2,2026-11-26T12:00:00Z,2', 'a count needs either counted_at or expected'],
  ['5,,2,2026-11-26T12:00:00Z,,lost', 'a count with counted_at has no reason'],
  ['5,,-2,,2', 'count "-2" is no whole number from 0 to 9223372036854775807'],
  ['5,,2,26.11.2026 12:00', 'counted_at "26.11.2026 12:00" is no time such as 2026-11-26T12:00:00Z'],
  ['5,,2,2026-11-26 12:00:00', 'counted_at "2026-11-26 12:00:00" is no time such as 2026-11-26T12:00:00Z'],
  ['5,2,,,,stolen', 'reason "stolen" is none of received, returned, damaged, lost, found, correction, other'],
  [`5,2,,,,,${'\u{1F4E6}'.repeat(256)}`, 'reference has more than 255 characters'],
  ['5,2,,,,,,=1', `note "=1" ${formula}`],
  [`5,${'9'.repeat(50)}\u001b`, /^change "9{40}\.\.\." is no whole number/],
  ['5,2,,,,,,,', 'has 9 cells, the header has 8'],
])('refuses the row %s', async (row, problem) => {
  const padded =
    row.split(',').length >= 8 || row.includes('"') ? row : row + ','.repeat(8 - row.split(',').length);
  const full = row.includes('"') ? `${row},,,,,,` : padded;
  const text = `sku,change,count,counted_at,expected,reason,reference,note\n6,1,,,,,,\n${full}`;
  const { refused, batches } = await plan(text);
  expect(refused).toEqual([
    { row: 3, problem: typeof problem === 'string' ? problem : expect.stringMatching(problem) },
  ]);
  expect(batches.flatMap(({ lines }) => lines)).toHaveLength(1);
});

test.each([
  ['A-1,12,10', 'sku "A-1" is no whole number from 1 to 4294967295'],
  [',12,10', 'sku is missing'],
  ['5,,10', 'on hand (current) is missing'],
  ['5,-3,10', 'on hand (current) "-3" is no whole number from 0 to 9223372036854775807'],
  ['5,12,not stocked', 'on hand (new) "not stocked" is no whole number from 0 to 9223372036854775807'],
])("refuses the row %s of Shopify's export", async (row, problem) => {
  const { refused } = await plan(`SKU,On hand (current),On hand (new)\n${row}`);
  expect(refused).toEqual([{ row: 2, problem }]);
});

test('refuses every row of a sku that is there more than once, also of a change by nothing', async () => {
  const { refused, batches } = await plan('sku,change\n5,1\n6,1\n5,2\n5,0\n');
  const problem = 'sku 5 is there more than once: rows 2 and 4';
  expect(refused).toEqual([2, 4, 5].map((row) => ({ row, problem })));
  expect(batches.flatMap(({ lines }) => lines.map(({ line }) => line.sku))).toEqual([6]);
});

test('refuses a row whose sku is in a refused row too: which of them counts is unknown', async () => {
  const { refused, batches } = await plan('sku,change\n5,1\n6,1\n5,1e3\n');
  expect(refused.map(({ row }) => row)).toEqual([2, 4]);
  expect(refused[0]?.problem).toBe('sku 5 is there more than once: rows 2 and 4');
  expect(refused[1]?.problem).toMatch(/scientific notation/);
  expect(batches.flatMap(({ lines }) => lines.map(({ line }) => line.sku))).toEqual([6]);
});

const utf8 = 'save it as "CSV UTF-8"';
const columns =
  'the columns are sku, change, count, counted_at, expected, reason, reference, note, ' +
  "or those of Shopify's inventory export";

describe('refuses the whole file', () => {
  test.each([
    ['without anything', '', 'the file is empty'],
    ['of empty rows', '\n\n,,\n', 'the file is empty'],
    ['in UTF-16', Buffer.from('\ufeffsku,change\n5,1', 'utf16le'), `the file is UTF-16: ${utf8}`],
    [
      'in UTF-16 without a mark',
      Buffer.from('sku,change\n5,1', 'utf16le'),
      `line 1: a NUL byte, so this is no text in UTF-8: ${utf8}`,
    ],
    [
      'in UTF-16 of the other byte order without a mark',
      Buffer.from('sku,change\n5,1', 'utf16le').swap16(),
      `line 1: a NUL byte, so this is no text in UTF-8: ${utf8}`,
    ],
    ['in Latin-1', Buffer.from('sku,change,note\n5,1,\n6,1,schön', 'latin1'), `line 3: not UTF-8: ${utf8}`],
    ['with a NUL', 'sku,change\n5,1\n6,\0', `line 3: a NUL byte, so this is no text in UTF-8: ${utf8}`],
    ['without a header', '5,10', `the column "5" is not known: ${columns}`],
    ['with other separators', 'sku|change\n5|1', `the column "sku|change" is not known: ${columns}`],
    ['with a column that is not known', 'sku,change,qty\n5,1,1', `the column "qty" is not known: ${columns}`],
    ['with a column twice', 'sku,change,SKU\n5,1,5', 'the column "sku" is there twice'],
    ['without skus', 'change\n5', `the column sku is missing: ${columns}`],
    ['without numbers', 'sku\n5', 'the columns change and count are missing: there must be one of them'],
    ["of Shopify's without skus", 'On hand (current),On hand (new)\n1,2', 'the column "sku" is missing'],
    ['with an open quote', 'sku,change\n5,"1\n6,1', 'row 2: a quote is never closed'],
    [
      'with a quote inside of a text',
      'sku,change,note\n5,1,3" pipe',
      'row 2: a quote stands inside of a text: put the text into quotes, and double the quote',
    ],
    [
      'with a row that is too long',
      `sku,change,note\n5,1,${'x'.repeat(ROW_MAX_BYTES)}`,
      `row 2: longer than ${ROW_MAX_BYTES} bytes, or a quote is never closed`,
    ],
    [
      'with too many rows',
      `sku,change\n${'5,1\n'.repeat(ROWS_MAX)}`,
      `the file has more than ${ROWS_MAX} rows: split it`,
    ],
  ])('%s', async (_, text, problem) => {
    await expect(plan(text)).rejects.toEqual(new FileRefused(problem));
  });
});

test('the row is the one that a spreadsheet shows, also behind empty rows and breaks of lines', async () => {
  const { refused } = await plan('sku,change,note\r\n\r\n5,1,"two\r\nlines"\r\n6,x,\r\n');
  expect(refused.map(({ row }) => row)).toEqual([4]);
});

test('batches hold the most lines and bytes of a request, in the order of the file, by kind', async () => {
  const rows = (length: number, note: string) =>
    Array.from({ length }, (_, index) => `${index + 1},1,,,${note}\n`).join('');
  const count = `4000000000,,5,2026-11-26T12:00:00Z,\n`;
  const header = 'sku,change,count,counted_at,note\n';
  const short = await plan(
    `${header}${rows(1, '')}${count}${rows(2_500, '').split('\n').slice(1).join('\n')}`,
  );
  const sizes = short.batches.map(({ kind, number, lines }) => [kind, number, lines.length]);
  expect(sizes).toEqual([
    ['change', 1, BATCH_LINES_MAX],
    ['change', 2, BATCH_LINES_MAX],
    ['change', 3, 500],
    ['count', 1, 1],
  ]);
  const long = await plan(header + rows(1_000, '\u{1F4E6}'.repeat(250)));
  expect(long.batches.length).toBeGreaterThan(1);
  expect(long.batches.flatMap(({ lines }) => lines).map(({ line }) => line.sku)).toEqual(
    Array.from({ length: 1_000 }, (_, index) => index + 1),
  );
  for (const { lines } of long.batches) {
    const body = `{"changes":[${lines.map(({ json }) => json).join()}]}`;
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(REQUEST_MAX_BYTES);
  }
});

test('the sums of a plan', async () => {
  const text =
    'sku,change,count,counted_at,expected\n' +
    '1,5,,,\n2,7,,,\n3,-4,,,\n4,,9,2026-11-26T12:00:00Z,\n5,,6,,6\n6,x,,,\n';
  expect(describePlan(await plan(text))).toEqual([
    '6 rows in the file',
    '  added: 12 pieces of 2 skus',
    '  taken away: 4 pieces of 1 sku',
    '  counted: 1 sku',
    '  left as they are: 1 row',
    '  refused: 1 row',
  ]);
});

test('any bytes lead to a plan or to a refusal of the file', async () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('5', '-1', '"', '""', '1e5', '=1', '\ud83d\udce6'));
  const csv = fc
    .array(fc.array(cell, { maxLength: 5 }), { maxLength: 5 })
    .map((rows) => `sku,change,note\n${rows.map((cells) => cells.join()).join('\n')}`);
  const files = fc.oneof(csv, fc.uint8Array({ maxLength: 200 }));
  const check = async (file: string | Uint8Array) => {
    const outcome = await planImport(Buffer.from(file as string)).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FileRefused);
    else expect(outcome).toHaveProperty('batches');
  };
  await fc.assert(fc.asyncProperty(files, check), { numRuns: 500 });
});
