/**
 * The forms of files of stock: our own columns, and the inventory export of Shopify as it is. A header leads
 * to a reader, which makes of each row what is to be done, or what is wrong with it. Pure.
 */
import { type Instant, parseInstant } from '../domain/instant.ts';
import type { AdjustmentReason } from '../domain/stock/adjust.ts';
import { contract } from '../generated/contract.ts';
import { FileRefused } from './csv.ts';

const { StockAdjustment: changeRules, StockCount: countRules } = contract;

/** A change of a total, by POST /stock/adjust. */
export interface Change {
  readonly kind: 'change';
  readonly sku: number;
  readonly change: bigint;
  /** The total that the sku must have; undefined where any will do. */
  readonly expectedTotal: bigint | undefined;
  readonly reason: AdjustmentReason;
  readonly reference: string;
  readonly note: string;
}

/** What was counted at a time, by POST /stock/count. */
export interface Count {
  readonly kind: 'count';
  readonly sku: number;
  readonly counted: bigint;
  readonly countedAt: Instant;
  readonly reference: string;
  readonly note: string;
}

/** What is to be done for a row. */
export type Line = Change | Count;

export type ReadRow =
  | Line
  /** Nothing is to be done: the value is to stay as it is. */
  | { readonly kind: 'unchanged'; readonly sku: number | undefined }
  /** Its sku, if that could be read: another row with the same sku is ambiguous too. */
  | { readonly kind: 'refused'; readonly sku?: number | undefined; readonly problem: string };

/** Reads a row by its cells, in the order of the columns. */
export type RowReader = (cells: readonly string[]) => ReadRow;

export const OWN_COLUMNS = [
  'sku',
  'change',
  'count',
  'counted_at',
  'expected',
  'reason',
  'reference',
  'note',
];

/** Of Shopify's many columns; the others are not read. */
const SHOPIFY = { sku: 'sku', current: 'on hand (current)', fresh: 'on hand (new)' };

/** What Shopify has as the stock of a product that its location does not keep. */
const NOT_STOCKED = 'not stocked';

/** A change without a reason of its own. */
const STANDARD_REASON: AdjustmentReason = 'correction';

/**
 * Finds the form of a file.
 *
 * @param header the cells of its first row; upper and lower case are alike.
 * @throws FileRefused where it is neither form.
 */
export function readerOf(header: readonly string[]): RowReader {
  const names = header.map((name) => name.toLowerCase());
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined) throw new FileRefused(`the column ${show(twice)} is there twice`);
  const isShopify = names.includes(SHOPIFY.fresh);
  if (!isShopify) checkOwn(names);
  const missing = isShopify ? Object.values(SHOPIFY).find((name) => !names.includes(name)) : undefined;
  if (missing !== undefined) throw new FileRefused(`the column ${show(missing)} is missing`);
  const read = isShopify ? readShopifyRow : readOwnRow;
  return (cells) => {
    if (cells.length !== names.length) {
      return { kind: 'refused', problem: `has ${cells.length} cells, the header has ${names.length}` };
    }
    return read(new Row(names, cells));
  };
}

function checkOwn(names: readonly string[]): void {
  const form = `the columns are ${OWN_COLUMNS.join(', ')}, or those of Shopify's inventory export`;
  const unknown = names.find((name) => !OWN_COLUMNS.includes(name));
  if (unknown !== undefined) throw new FileRefused(`the column ${show(unknown)} is not known: ${form}`);
  if (!names.includes('sku')) throw new FileRefused(`the column sku is missing: ${form}`);
  if (!names.includes('change') && !names.includes('count')) {
    throw new FileRefused(`the columns change and count are missing: there must be one of them`);
  }
}

function readOwnRow(row: Row): ReadRow {
  const sku = row.whole('sku', changeRules.sku);
  const change = row.whole('change', changeRules.change);
  const count = row.whole('count', countRules.counted);
  const expected = row.whole('expected', changeRules.expectedTotal);
  const countedAt = row.time('counted_at');
  const reason = row.reason('reason');
  const texts = { reference: row.text('reference'), note: row.text('note') };
  row.check(row.has('sku'), 'sku is missing');
  row.check(row.has('change') !== row.has('count'), 'exactly one of change and count must be there');
  row.check(!(row.has('change') && row.has('counted_at')), 'a change has no counted_at');
  if (row.has('count')) {
    row.check(row.has('counted_at') !== row.has('expected'), 'a count needs either counted_at or expected');
    row.check(!(row.has('counted_at') && row.has('reason')), 'a count with counted_at has no reason');
  }
  if (row.problem !== undefined || sku === undefined) return refusedBy(row, sku);
  if (count !== undefined && countedAt !== undefined) {
    return { kind: 'count', sku: Number(sku), counted: count, countedAt, ...texts };
  }
  return changeOf(sku, change ?? (count ?? 0n) - (expected ?? 0n), expected, { reason, ...texts });
}

/** The value was this and is that now: a change for the total that the file knows. */
function readShopifyRow(row: Row): ReadRow {
  if (!row.has(SHOPIFY.fresh)) return { kind: 'unchanged', sku: undefined };
  row.check(row.has(SHOPIFY.sku), 'sku is missing');
  row.check(row.has(SHOPIFY.current), `${SHOPIFY.current} is missing`);
  const sku = row.whole(SHOPIFY.sku, changeRules.sku);
  const fresh = row.whole(SHOPIFY.fresh, countRules.counted);
  const isStocked = row.cell(SHOPIFY.current).toLowerCase() !== NOT_STOCKED;
  const current = isStocked ? row.whole(SHOPIFY.current, changeRules.expectedTotal) : 0n;
  if (row.problem !== undefined || sku === undefined) return refusedBy(row, sku);
  const change = (fresh ?? 0n) - (current ?? 0n);
  return changeOf(sku, change, current, { reason: STANDARD_REASON, reference: '', note: '' });
}

type Texts = Pick<Change, 'reason' | 'reference' | 'note'>;

function changeOf(sku: bigint, change: bigint, expectedTotal: bigint | undefined, texts: Texts): ReadRow {
  if (change === 0n) return { kind: 'unchanged', sku: Number(sku) };
  return { kind: 'change', sku: Number(sku), change, expectedTotal, ...texts };
}

function refusedBy({ problem = '' }: Row, sku: bigint | undefined): ReadRow {
  return { kind: 'refused', sku: sku === undefined ? undefined : Number(sku), problem };
}

interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

/** The cells of a row by their column, and the first problem that was found in them. */
class Row {
  readonly #names: readonly string[];
  readonly #cells: readonly string[];
  problem: string | undefined;

  constructor(names: readonly string[], cells: readonly string[]) {
    this.#names = names;
    this.#cells = cells;
  }

  /** Empty where there is no such column. */
  cell(name: string): string {
    return this.#cells[this.#names.indexOf(name)] ?? '';
  }

  has(name: string): boolean {
    return this.cell(name) !== '';
  }

  check(isRight: boolean, problem: string): void {
    if (!isRight) this.problem ??= problem;
  }

  /** Reads a whole number, digit for digit. Undefined for an empty cell, and for a problem. */
  whole(name: string, { min, max }: Range): bigint | undefined {
    const cell = this.cell(name);
    if (cell === '') return undefined;
    const value = /^[+-]?(0|[1-9]\d*)$/.test(cell) ? BigInt(cell.replace('+', '')) : undefined;
    if (value !== undefined && value >= min && value <= max) return value;
    this.check(
      false,
      `${name} ${show(cell)} ${mistakeOf(cell) ?? `is no whole number from ${min} to ${max}`}`,
    );
    return undefined;
  }

  time(name: string): Instant | undefined {
    const cell = this.cell(name);
    if (cell === '') return undefined;
    const instant = parseInstant(cell);
    this.check(instant !== undefined, `${name} ${show(cell)} is no time such as 2026-11-26T12:00:00Z`);
    return instant;
  }

  reason(name: string): AdjustmentReason {
    const cell = this.cell(name);
    const reason = changeRules.reason.of.find((each) => each === cell);
    this.check(cell === '' || reason !== undefined, `${name} ${show(cell)} ${reasonRule}`);
    return reason ?? STANDARD_REASON;
  }

  text(name: 'reference' | 'note'): string {
    const cell = this.cell(name);
    const { maxLength } = changeRules[name];
    this.check([...cell].length <= maxLength, `${name} has more than ${maxLength} characters`);
    this.check(!cell.startsWith('='), `${name} ${show(cell)} ${FORMULA}`);
    return cell;
  }
}

const reasonRule = `is none of ${changeRules.reason.of.join(', ')}`;

const FORMULA = 'is a formula: save the values';

/** What spreadsheets make of a number, and which digits it had cannot be known. */
function mistakeOf(cell: string): string | undefined {
  if (/^[=@]|^[+-][^\d.,]/.test(cell)) return FORMULA;
  if (/^[+-]?\d+([.,]\d+)?e[+-]?\d+$/i.test(cell)) {
    return 'is in scientific notation, which has lost digits: format the column as a number';
  }
  if (/^[+-]?\d{1,3}([.,'’\s]\d{3})+$/.test(cell)) return 'has separators between its digits';
  if (/^[+-]?0\d+$/.test(cell)) return 'begins with a 0';
  return undefined;
}

const SHOWN_MAX = 40;

/** A text of the file for a message: short, and without characters that control a terminal. */
function show(text: string): string {
  const short = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
  return `"${short.replaceAll(/[\p{C}]/gu, '?')}"`;
}
