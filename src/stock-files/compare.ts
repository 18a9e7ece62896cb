/** Compares a planned import with the stock as it is now, for a look before it is written. It only reads. */
import type { Batch, ImportPlan, RefusedRow } from './plan.ts';
import { messageOf, type Rest, ServiceRefused } from './rest.ts';

export interface Comparison {
  /** The skus that have no stock yet, in the order of the plan. A mistyped sku is one of them. */
  readonly fresh: readonly number[];
  /** The rows that the service would refuse now. */
  readonly short: readonly RefusedRow[];
}

/** @throws ServiceRefused when the service does not answer, or refuses. */
export async function compareWithStock({ batches }: ImportPlan, rest: Rest): Promise<Comparison> {
  const fresh: number[] = [];
  const short: RefusedRow[] = [];
  for (const batch of batches) {
    const available = await readAvailable(batch, rest);
    for (const { row, line } of batch.lines) {
      const count = available.get(BigInt(line.sku));
      if (count === undefined) fresh.push(line.sku);
      if (line.kind === 'count' || (count ?? 0n) + line.change >= 0n) continue;
      const problem = `sku ${line.sku}: ${-line.change} are to be taken, ${count ?? 0n} are available now`;
      short.push({ row, problem });
    }
  }
  return { fresh, short };
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
export function describeComparison({ fresh, short }: Comparison): string[] {
  const shown = fresh.slice(0, SHOWN_MAX).join(', ');
  const rest = fresh.length > SHOWN_MAX ? ', ...' : '';
  return [
    `  skus without stock until now: ${fresh.length.toLocaleString('en')}${shown && ` (${shown}${rest})`}`,
    ...short.map(({ row, problem }) => `row ${row} would be refused now: ${problem}`),
  ];
}
