/**
 * Writes a planned import, batch by batch. It is safe to repeat at any moment, also after a kill:
 *
 * - The batches follow from the file. The key of a batch of changes follows from the file's hash, the batch
 *   and the round, so what a repeat sends again is not done again.
 * - A batch that is refused because of single rows is sent without them in the next round. The service keeps
 *   refusals under their keys too: a repeat gets the same refusal for the same round, although the stock is
 *   another by then, and so it comes to the same rest under the same key.
 * - The rest is not part of its key. If it could ever be another one, the service would refuse it as
 *   IDEMPOTENCY_KEY_REUSED, and the import stops. With the rest in the key, its rows would be written twice.
 * - A count needs no key: the same count again leads to the same total.
 */
import type { Instant } from '../domain/instant.ts';
import { wallClockMs } from '../timing/clock.ts';
import { type Batch, type ImportPlan, type PlannedLine, plural, type RefusedRow } from './plan.ts';
import { type Failure, messageOf, type Reply, type Rest, reasonOf, ServiceRefused } from './rest.ts';

/** Changes with the way a file is cut into batches: an older one then has other keys. */
const KEY_VERSION = 1;

const paths = { change: '/stock/adjust', count: '/stock/count' };
const lists = { change: 'changes', count: 'counts' };

/** By more than this the clocks of this program and of the database do not differ. */
const SURELY_PAST_MS = 1_800_000;

export interface ImportEvents {
  /** How many rows of the plan are done, those that were refused included. */
  onProgress(rows: number): void;
  onRefused(row: RefusedRow): void;
}

export interface Imported {
  readonly written: number;
  /** How many of them an earlier run has written. */
  readonly before: number;
  readonly refused: number;
}

/**
 * Writes a plan.
 *
 * @throws ServiceRefused when the service does not answer, or refuses for another reason than single rows.
 */
export async function writeImport(plan: ImportPlan, rest: Rest, events: ImportEvents): Promise<Imported> {
  let [written, before, refused] = [0, 0, 0];
  for (const batch of plan.batches) {
    const result = await writeBatch(batch, plan.fileHash, rest);
    for (const row of result.refused) events.onRefused(row);
    written += result.written;
    refused += result.refused.length;
    if (result.isReplay) before += result.written;
    events.onProgress(written + refused);
  }
  return { written, before, refused };
}

async function writeBatch({ kind, number, lines }: Batch, fileHash: string, rest: Rest) {
  const refused: RefusedRow[] = [];
  let left = lines;
  for (let round = 1; left.length > 0; round++) {
    const key = kind === 'change' ? `import-${KEY_VERSION}-${fileHash}-${number}-${round}` : undefined;
    const body = `{"${lists[kind]}":[${left.map(({ json }) => json).join()}]}`;
    const reply = await rest.post(paths[kind], body, key);
    if (reply.ok) return { written: left.length, refused, isReplay: reply.isReplay };
    const problems = problemsIn(reply, left);
    if (problems.size === 0) throw new ServiceRefused(refusalOf(reply, left));
    for (const [{ row }, problem] of problems) refused.push({ row, problem });
    left = left.filter((line) => !problems.has(line));
  }
  return { written: 0, refused, isReplay: false };
}

type Refused = Extract<Reply, { ok: false }>;

function refusalOf({ status, failure }: Refused, lines: readonly PlannedLine[]): string {
  const place = `rows ${lines[0]?.row} to ${lines.at(-1)?.row} (${plural(lines.length, 'row')})`;
  return `${place} were refused: ${messageOf(status, failure)}`;
}

/** The lines that a batch was refused for; none where it was refused for another reason. */
function problemsIn({ failure }: Refused, lines: readonly PlannedLine[]): Map<PlannedLine, string> {
  const problems = new Map<PlannedLine, string>();
  if (failure === undefined) return problems;
  const reason = reasonOf(failure);
  const add = (line: PlannedLine | undefined, problem: string) => {
    if (line !== undefined) problems.set(line, `sku ${line.line.sku}: ${reason}: ${problem}`);
  };
  const bySku = new Map(lines.map((line) => [BigInt(line.line.sku), line]));
  for (const stock of entries(failure, 'stocks')) {
    const describe = stockProblems[reason];
    if (describe !== undefined) add(bySku.get(stock.sku as bigint), describe(stock));
  }
  for (const { field, description } of entries(failure, 'fieldViolations')) {
    // Only what depends on the stock: the rest was checked with the file, and is a mistake of this program.
    const [, index] = /^\w+\[(\d+)\]\.(change|counted|countedAt)$/.exec(String(field)) ?? [];
    if (index !== undefined) add(lines[Number(index)], String(description));
    if (!String(field).endsWith('.countedAt')) continue;
    for (const line of asOldAs(lines[Number(index)], lines)) add(line, String(description));
  }
  return problems;
}

/**
 * The counts that are too old because another one is. A refusal lists the first of them only: with these
 * alone, an old file would need a request for every few rows. One that is younger may be from the future.
 */
function asOldAs(refused: PlannedLine | undefined, lines: readonly PlannedLine[]): PlannedLine[] {
  const latest = refused === undefined ? undefined : countedAtOf(refused);
  if (latest === undefined || latest > BigInt(wallClockMs() - SURELY_PAST_MS) * 1_000_000n) return [];
  return lines.filter((line) => (countedAtOf(line) ?? latest + 1n) <= latest);
}

function countedAtOf({ line }: PlannedLine): Instant | undefined {
  return line.kind === 'count' ? line.countedAt : undefined;
}

/** What is wrong with a stock that a refusal names, by the reason of the refusal. */
const stockProblems: Record<string, (stock: Readonly<Record<string, unknown>>) => string> = {
  STOCK_CHANGED: ({ expected, total }) => `the file expects a total of ${expected}, it is ${total}`,
  STOCK_BELOW_RESERVED: ({ reserved, total }) => `open orders hold ${reserved} of ${total} pieces`,
  COUNT_STALE: ({ countedAt }) => `it was counted later, at ${countedAt}`,
};

function entries({ details }: Failure, list: string): Readonly<Record<string, unknown>>[] {
  return details.flatMap((detail) => (Array.isArray(detail[list]) ? detail[list] : []));
}
