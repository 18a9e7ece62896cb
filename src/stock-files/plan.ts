/**
 * What an import would do, from the file alone: the whole file is checked before anything is written. The
 * batches follow from the bytes of the file and nothing else, so that a repeat sends the same ones.
 */
import { createHash } from 'node:crypto';
import { stringify } from 'lossless-json';
import { formatInstant } from '../domain/instant.ts';
import { REQUEST_MAX_BYTES } from '../domain/limits.ts';
import { contract } from '../generated/contract.ts';
import { type Line, type ReadRow, readerOf } from './columns.ts';
import { FileRefused, readRecords } from './csv.ts';

/** The most lines of a batch, which is one request. */
export const BATCH_LINES_MAX = contract.AdjustStockRequest.changes.maxItems;

/** Room for what stands around the lines of a request. */
const ENVELOPE_BYTES = 64;

/** A row that is not written. */
export interface RefusedRow {
  /** As a spreadsheet shows it: the header is row 1. */
  readonly row: number;
  readonly problem: string;
}

/** A line of a request. */
export interface PlannedLine {
  readonly row: number;
  readonly line: Line;
  /** The line as it is sent. */
  readonly json: string;
}

/** The lines of one request, all of one kind. */
export interface Batch {
  readonly kind: Line['kind'];
  /** From 1, among those of its kind. */
  readonly number: number;
  readonly lines: readonly PlannedLine[];
}

export interface ImportPlan {
  /** The SHA-256 of the file, in hexadecimal digits. */
  readonly fileHash: string;
  /** The rows of the file, without its header and empty rows. */
  readonly rows: number;
  /** How many of them leave their sku as it is. */
  readonly unchanged: number;
  /** In the order of the file. */
  readonly refused: readonly RefusedRow[];
  readonly batches: readonly Batch[];
}

/**
 * Checks a file and plans its import.
 *
 * @throws FileRefused where the file as a whole is of no use.
 */
export async function planImport(bytes: Buffer): Promise<ImportPlan> {
  const records = readRecords(bytes);
  const { value: header } = await records.next();
  if (header === undefined) throw new FileRefused('the file is empty');
  const read = readerOf(header.cells);
  const rows: { row: number; result: ReadRow }[] = [];
  for await (const { row, cells } of records) rows.push({ row, result: read(cells) });
  const repeated = repeatedSkus(rows);
  const refused: RefusedRow[] = [];
  const lines: Record<Line['kind'], PlannedLine[]> = { change: [], count: [] };
  let unchanged = 0;
  for (const { row, result } of rows) {
    const others = 'sku' in result ? repeated.get(result.sku ?? 0) : undefined;
    if (result.kind === 'refused') refused.push({ row, problem: result.problem });
    else if (others !== undefined) {
      refused.push({
        row,
        problem: `sku ${result.sku} is there more than once: rows ${others.join(' and ')}`,
      });
    } else if (result.kind === 'unchanged') unchanged++;
    else lines[result.kind].push({ row, line: result, json: jsonOf(result) });
  }
  const fileHash = createHash('sha256').update(bytes).digest('hex');
  const batches = [...batchesOf('change', lines.change), ...batchesOf('count', lines.count)];
  return { fileHash, rows: rows.length, unchanged, refused, batches };
}

/** The skus that stand in several rows, with the first two of these. */
function repeatedSkus(rows: readonly { row: number; result: ReadRow }[]): Map<number, number[]> {
  const firsts = new Map<number, number>();
  const repeated = new Map<number, number[]>();
  for (const { row, result } of rows) {
    if (!('sku' in result) || result.sku === undefined) continue;
    const first = firsts.get(result.sku);
    if (first === undefined) firsts.set(result.sku, row);
    else if (!repeated.has(result.sku)) repeated.set(result.sku, [first, row]);
  }
  return repeated;
}

/** The line of a request, without the fields that are not set. */
function jsonOf({ kind: _, ...line }: Line): string {
  const texts = { reference: line.reference || undefined, note: line.note || undefined };
  const fields = 'countedAt' in line ? { ...line, countedAt: formatInstant(line.countedAt) } : line;
  return stringify({ ...fields, ...texts }) ?? '';
}

function batchesOf(kind: Line['kind'], lines: readonly PlannedLine[]): Batch[] {
  const batches: PlannedLine[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const size = Buffer.byteLength(line.json) + 1;
    const last = batches.at(-1);
    bytes += size;
    if (last !== undefined && last.length < BATCH_LINES_MAX && bytes <= REQUEST_MAX_BYTES) last.push(line);
    else {
      batches.push([line]);
      bytes = ENVELOPE_BYTES + size;
    }
  }
  return batches.map((each, index) => ({ kind, number: index + 1, lines: each }));
}

/** The sums of a plan, a line each, for people. */
export function describePlan({ rows, unchanged, refused, batches }: ImportPlan): string[] {
  const lines = batches.flatMap((batch) => batch.lines.map(({ line }) => line));
  const changes = lines.flatMap((line) => (line.kind === 'change' ? [line.change] : []));
  const added = changes.filter((change) => change > 0n);
  const taken = changes.filter((change) => change < 0n);
  return [
    `${plural(rows, 'row')} in the file`,
    `  added: ${plural(sum(added), 'piece')} of ${plural(added.length, 'sku')}`,
    `  taken away: ${plural(-sum(taken), 'piece')} of ${plural(taken.length, 'sku')}`,
    `  counted: ${plural(lines.length - changes.length, 'sku')}`,
    `  left as they are: ${plural(unchanged, 'row')}`,
    `  refused: ${plural(refused.length, 'row')}`,
  ];
}

const sum = (all: readonly bigint[]) => all.reduce((total, each) => total + each, 0n);

export function plural(count: number | bigint, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
