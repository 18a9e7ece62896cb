/**
 * CSV files as records. What makes the whole file unreadable (its encoding, its size, a quote) is thrown as a
 * `FileRefused`.
 */
import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';

/** The most bytes of a file. */
export const FILE_MAX_BYTES = 64 * 1024 * 1024;

export const TOO_LARGE = `the file is larger than ${FILE_MAX_BYTES} bytes: split it`;

/** The most rows of a file, its header included. */
export const ROWS_MAX = 500_000;

/** The most bytes of a row. Texts of stock have 255 characters at most; exports of shops are wider. */
export const ROW_MAX_BYTES = 16 * 1024;

/** So much is parsed at a time. */
const CHUNK_BYTES = 64 * 1024;

const SEPARATORS = [',', ';', '\t'] as const;

/** A file that cannot be used at all. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/** A row of the file, by the number that a spreadsheet shows: the header is row 1. */
export interface CsvRecord {
  readonly row: number;
  /** Without the white space around them. */
  readonly cells: readonly string[];
}

/**
 * Reads the rows of a file, one after the other. Rows without any text are left out.
 *
 * @param bytes UTF-8, with or without a byte order mark, separated by commas, semicolons or tabs.
 * @throws FileRefused with the reason.
 */
export async function* readRecords(bytes: Buffer): AsyncGenerator<CsvRecord> {
  checkEncoding(bytes);
  const parser = parse({
    bom: true,
    delimiter: separatorOf(bytes),
    // All three, because a file may have been put together on several systems.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    max_record_size: ROW_MAX_BYTES,
  });
  let row = 0;
  try {
    for await (const cells of Readable.from(chunksOf(bytes), { objectMode: false }).pipe(parser)) {
      row++;
      if (row > ROWS_MAX) throw new FileRefused(`the file has more than ${ROWS_MAX} rows: split it`);
      const trimmed = (cells as string[]).map((cell) => cell.trim());
      if (trimmed.some((cell) => cell !== '')) yield { row, cells: trimmed };
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw new FileRefused(`row ${Number(error.records) + 1}: ${mistakeOf(error)}`);
    throw error;
  }
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

function checkEncoding(bytes: Buffer): void {
  if (bytes.length > FILE_MAX_BYTES) throw new FileRefused(TOO_LARGE);
  const hint = 'save it as "CSV UTF-8"';
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') throw new FileRefused(`the file is UTF-16: ${hint}`);
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    throw new FileRefused(`line ${lineAt(bytes, nul)}: a NUL byte, so this is no text in UTF-8: ${hint}`);
  }
  if (!isUtf8(bytes)) throw new FileRefused(`line ${badLineOf(bytes)}: not UTF-8: ${hint}`);
}

function lineAt(bytes: Buffer, end: number): number {
  let lines = 1;
  for (let at = bytes.indexOf('\n'); at !== -1 && at < end; at = bytes.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** The first line that is not UTF-8. A line break is never part of another character. */
function badLineOf(bytes: Buffer): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf('\n', start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

/** The separator of the header, whose names contain none of them. */
function separatorOf(bytes: Buffer): string {
  const [header = ''] = bytes.toString('utf8', 0, ROW_MAX_BYTES).split(/[\r\n]/, 1);
  const counts = SEPARATORS.map((separator) => ({ separator, count: header.split(separator).length }));
  const [first] = counts.sort((a, b) => b.count - a.count);
  return first?.separator ?? ',';
}

function mistakeOf({ code }: CsvError): string {
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return `longer than ${ROW_MAX_BYTES} bytes, or a quote is never closed`;
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is never closed';
  return 'a quote stands inside of a text: put the text into quotes, and double the quote';
}
