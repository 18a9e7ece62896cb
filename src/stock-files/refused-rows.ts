/** The rows that were not written, as a file of their own: corrected, it is imported without the others. */
import { readRecords } from './csv.ts';
import type { RefusedRow } from './plan.ts';

/** Yields the header and the refused rows of a file as CSV, with commas. */
export async function* refusedRows(bytes: Buffer, refused: readonly RefusedRow[]): AsyncGenerator<string> {
  const rows = new Set(refused.map(({ row }) => row));
  let isHeader = true;
  for await (const { row, cells } of readRecords(bytes)) {
    if (isHeader || rows.has(row)) yield `${cells.map(quote).join()}\n`;
    isHeader = false;
  }
}

function quote(cell: string): string {
  return /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
