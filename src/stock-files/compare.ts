/** Compares a planned import with the stock as it is now, for a look before it is written. It only reads. */
import { listStock } from './export.ts';
import type { Batch, ImportPlan, PlannedLine, RefusedRow } from './plan.ts';
import { messageOf, type Rest, ServiceRefused } from './rest.ts';

export interface Comparison {
  /** The skus that have no stock yet, in the order of the plan. A mistyped sku is one of them. */
  readonly fresh: readonly number[];
  /** The rows that the service would refuse now, in the order of the plan. */
  readonly refused: readonly RefusedRow[];
}

/** The numbers of a sku now; undefined where it has no stock, or where nothing asks for its total. */
interface Now {
  readonly available: bigint | undefined;
  readonly total: bigint | undefined;
}

/** @throws ServiceRefused when the service does not answer, or refuses. */
export async function compareWithStock({ batches }: ImportPlan, rest: Rest): Promise<Comparison> {
  const fresh: number[] = [];
  const refused: RefusedRow[] = [];
  const totals = await readTotals(batches, rest);
  for (const batch of batches) {
    const available = await readAvailable(batch, rest);
    for (const { row, line } of batch.lines) {
      const sku = BigInt(line.sku);
      if (!available.has(sku)) fresh.push(line.sku);
      const problem = problemOf(line, { available: available.get(sku), total: totals.get(sku) });
      if (problem !== undefined) refused.push({ row, problem: `sku ${line.sku}: ${problem}` });
    }
  }
  return { fresh, refused };
}

function problemOf(line: PlannedLine['line'], { available = 0n, total = 0n }: Now): string | undefined {
  if (line.kind === 'count') return undefined;
  const { change, expectedTotal = total } = line;
  if (expectedTotal !== total) return `the total is ${total} now, and not ${expectedTotal}`;
  return available + change < 0n ? `${-change} are to be taken, ${available} are available now` : undefined;
}

/** The totals of the skus that must have an expected one. Only the list of all stock has them. */
async function readTotals(batches: readonly Batch[], rest: Rest): Promise<Map<bigint, bigint>> {
  const lines = batches.flatMap((batch) => batch.lines.map(({ line }) => line));
  const isExpected = (line: PlannedLine['line']) =>
    line.kind === 'change' && line.expectedTotal !== undefined;
  const wanted = new Set(lines.filter(isExpected).map(({ sku }) => BigInt(sku)));
  const totals = new Map<bigint, bigint>();
  if (wanted.size === 0) return totals;
  const last = [...wanted].reduce((one, other) => (one > other ? one : other));
  for await (const stocks of listStock(rest)) {
    for (const { sku, total } of stocks) if (wanted.has(sku)) totals.set(sku, total);
    if ((stocks.at(-1)?.sku ?? 0n) >= last) break;
  }
  return totals;
}

async function readAvailable({ lines }: Batch, rest: Rest): Promise<Map<bigint, bigint>> {
  const body = JSON.stringify({ skus: lines.map(({ line }) => line.sku) });
  const reply = await rest.post('/stock/batch', body);
  if (!reply.ok) throw new ServiceRefused(messageOf(reply.status, reply.failure));
  const stocks = reply.body.stocks as { sku: bigint; count: bigint }[];
  return new Map(stocks.map(({ sku, count }) => [sku, count]));
}

const SHOWN_MAX = 5;

/** What a comparison found, a line each, for people. */
export function describeComparison({ fresh, refused }: Comparison): string[] {
  const shown = fresh.slice(0, SHOWN_MAX).join(', ');
  const rest = fresh.length > SHOWN_MAX ? ', ...' : '';
  return [
    `  skus without stock until now: ${fresh.length.toLocaleString('en')}${shown && ` (${shown}${rest})`}`,
    ...refused.map(({ row, problem }) => `row ${row} would be refused now: ${problem}`),
  ];
}
