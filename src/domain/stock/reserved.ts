/**
 * Compares what is reserved of each sku with what open orders hold, while the service writes. Orders and
 * stock are not read in one snapshot, since no layout of the tables has to offer one.
 *
 * The reserved pieces are read before and after the open orders. At the moment of the orders as many were
 * reserved as before, plus what movements between the two readings added or took: so the difference lies
 * between two bounds, which meet where nothing moved. What moved is compared again, and the bounds intersect,
 * since a fault stays as it is. A difference that cannot be 0 is compared again, with time around the
 * orders for everything that any node has shown to be visible on all. A slow disk can hold up a node for
 * longer. So only a difference that cannot be 0 in each of several comparisons is a finding.
 */
import type { Queryable } from '../../db/types.ts';
import { orderLineSums, orderOpenIds } from '../../generated/sql/orders.ts';
import { stockReservedMoves } from '../../generated/sql/stock_movements.ts';
import { stockVersionList } from '../../generated/sql/stocks.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import type { AuditLimits, AuditSource, Findings } from './findings.ts';

/** How many pieces open orders hold beyond the reserved ones of a sku, at least and at most. */
interface Difference {
  readonly least: bigint;
  readonly most: bigint;
}

/** What is reserved of a sku, as of a movement. */
interface Reserved {
  readonly reserved: bigint;
  readonly version: bigint;
}

/** A part of all skus. */
interface Range {
  readonly after: bigint;
  readonly upTo: bigint;
}

/** One look at a range: the reserved pieces before and after the open orders. */
interface Look {
  readonly before: ReadonlyMap<number, Reserved>;
  /** Undefined where there are too many. */
  readonly openOrders: readonly bigint[] | undefined;
  readonly after: ReadonlyMap<number, Reserved>;
}

const SKU_MAX = 2n ** 32n - 1n;

/** How often what moves is compared. */
const LOOKS_MAX = 3;

/** How often a difference that cannot be 0 is compared again before it is a finding. */
const SETTLED_LOOKS = 3;

/** How many skus have their movements summed in one step. */
const MOVED_MAX = 1_000;

/** A sku without stock: it has no movements either. */
const NO_STOCK: Reserved = { reserved: 0n, version: -1n };

/** All pieces that there can be. */
const ANYTHING: Difference = { least: -(2n ** 63n), most: 2n ** 63n };

const unknown = (difference: Difference) => difference.least !== difference.most;
const isWrong = ({ least, most }: Difference) => least > 0n || most < 0n;

/** Compares all skus. Returns the number of those that could not be compared to the piece. */
export async function compareReserved(
  source: AuditSource,
  limits: AuditLimits,
  findings: Findings,
): Promise<number> {
  let unsettled = 0;
  for (let after = 0n; after < SKU_MAX; ) {
    const range = { after, upTo: await endOf(source, after, limits) };
    unsettled += await compareRange(source, range, limits, findings);
    after = range.upTo;
  }
  return unsettled;
}

/** The last sku of the range that begins behind another one. */
async function endOf({ read }: AuditSource, after: bigint, { comparedSkus }: AuditLimits): Promise<bigint> {
  const bounds = { after, upTo: SKU_MAX, limit: BigInt(comparedSkus) };
  const rows = await read((db) => stockVersionList.run(bounds, db));
  return rows.length < comparedSkus ? SKU_MAX : (rows.at(-1)?.sku ?? SKU_MAX);
}

async function compareRange(
  source: AuditSource,
  range: Range,
  limits: AuditLimits,
  findings: Findings,
): Promise<number> {
  const look = async (): Promise<Map<number, Difference>> =>
    differencesOf(source, await lookAtOnce(source, range, limits), range, limits);
  let known = await look();
  for (let looks = 1; looks < LOOKS_MAX && [...known.values()].some(unknown); looks++) {
    known = narrowed(known, await look());
  }
  const suspects = [...known].flatMap(([sku, difference]) => (isWrong(difference) ? [sku] : []));
  // The others are unknown.
  const unsettled = known.size - suspects.length;
  return unsettled + (await confirm(source, range, suspects, limits, findings));
}

/** Finds those of the skus whose difference stays. Returns the number of the others that are unknown. */
async function confirm(
  source: AuditSource,
  range: Range,
  skus: readonly number[],
  limits: AuditLimits,
  findings: Findings,
): Promise<number> {
  let suspects = skus;
  let unsettled = 0;
  for (let looks = 1; suspects.length > 0; looks++) {
    const look = await lookSettled(source, range, limits);
    const differences = await differencesOf(source, look, range, limits);
    const wrong = [];
    for (const sku of suspects) {
      const difference = differences.get(sku);
      if (difference === undefined) continue;
      if (!isWrong(difference)) unsettled++;
      else if (looks < SETTLED_LOOKS) wrong.push(sku);
      else findings.add(findingOf(sku, difference, look.before.get(sku) ?? NO_STOCK));
    }
    suspects = wrong;
  }
  return unsettled;
}

/** Looks on one node, where whatever is visible is visible as a whole. */
async function lookAtOnce({ read, settle }: AuditSource, range: Range, limits: AuditLimits): Promise<Look> {
  const look = await read(async (db) => ({
    before: await readReserved(db, range, limits),
    openOrders: await readOpenOrders(db, limits),
    after: await readReserved(db, range, limits),
  }));
  // The lines of the orders and the movements may be read on other nodes.
  await settle();
  return look;
}

/** Looks on any nodes and at any layout. */
async function lookSettled({ read, settle }: AuditSource, range: Range, limits: AuditLimits): Promise<Look> {
  const before = await read((db) => readReserved(db, range, limits));
  await settle();
  const openOrders = await read((db) => readOpenOrders(db, limits));
  await settle();
  const after = await read((db) => readReserved(db, range, limits));
  await settle();
  return { before, openOrders, after };
}

function findingOf(sku: number, { least, most }: Difference, { reserved, version }: Reserved) {
  const held = least === most ? `${reserved + least}` : `${reserved + least} to ${reserved + most}`;
  const detail = `${reserved} pieces are reserved, open orders hold ${held}`;
  return { finding: 'reserved' as const, sku, version: version < 0n ? 0n : version, detail };
}

async function readReserved(
  db: Queryable,
  { after, upTo }: Range,
  limits: AuditLimits,
): Promise<Look['before']> {
  const rows = await stockVersionList.run({ after, upTo, limit: BigInt(readMax(limits)) }, db);
  return new Map(rows.map(({ sku, reserved, version }) => [fromSkuColumn(sku), { reserved, version }]));
}

/** How many skus of a range are read: new ones may have been added to it. */
const readMax = ({ comparedSkus }: AuditLimits) => 2 * comparedSkus;

/** The last sku that a reading covers: it would have its stock. */
function coveredUpTo(reading: Look['before'], limits: AuditLimits): number {
  return reading.size < readMax(limits) ? Number(SKU_MAX) : ([...reading.keys()].at(-1) ?? 0);
}

async function readOpenOrders(db: Queryable, { openOrders }: AuditLimits): Promise<bigint[] | undefined> {
  const [row] = await orderOpenIds.run({ limit: BigInt(openOrders) + 1n }, db);
  const { ids, size } = row ?? { ids: null, size: 0n };
  if (size > openOrders) return undefined;
  return ids === null
    ? []
    : Array.from({ length: ids.length / 8 }, (_, index) => ids.readBigInt64BE(8 * index));
}

/** Those of the skus of a look that are not known to be equal. */
async function differencesOf(
  { read }: AuditSource,
  { before, openOrders, after }: Look,
  { after: afterSku, upTo }: Range,
  limits: AuditLimits,
): Promise<Map<number, Difference>> {
  // Then each sku may hold anything.
  if (openOrders === undefined) return new Map([...before.keys()].map((sku) => [sku, ANYTHING]));
  const held = new Map<number, bigint>();
  for (let from = 0; from < openOrders.length; from += limits.orders) {
    const orderIds = openOrders.slice(from, from + limits.orders);
    const rows = await read((db) => orderLineSums.run({ orderIds, after: afterSku, upTo }, db));
    for (const { sku, count } of rows) {
      held.set(fromSkuColumn(sku), (held.get(fromSkuColumn(sku)) ?? 0n) + count);
    }
  }
  const moves = await readMoves(read, before, after);
  const covered = Math.min(coveredUpTo(before, limits), coveredUpTo(after, limits));
  const differences = new Map<number, Difference>();
  for (const sku of new Set([...before.keys(), ...after.keys(), ...held.keys()])) {
    const { reserved } = before.get(sku) ?? NO_STOCK;
    const { added, taken } = moves.get(sku) ?? { added: 0n, taken: 0n };
    const atFirst = (held.get(sku) ?? 0n) - reserved;
    const difference = sku > covered ? ANYTHING : { least: atFirst - added, most: atFirst - taken };
    if (unknown(difference) || isWrong(difference)) differences.set(sku, difference);
  }
  return differences;
}

/** What movements added and took between two readings. */
async function readMoves(read: AuditSource['read'], before: Look['before'], after: Look['after']) {
  const moved = [...after].flatMap(([sku, { version }]) => {
    const since = (before.get(sku) ?? NO_STOCK).version;
    return version === since ? [] : [{ sku, since, version }];
  });
  const moves = new Map<number, { readonly added: bigint; readonly taken: bigint }>();
  for (let from = 0; from < moved.length; from += MOVED_MAX) {
    const some = moved.slice(from, from + MOVED_MAX);
    const columns = {
      skus: toSkuColumn(some.map(({ sku }) => sku)),
      afters: some.map(({ since }) => since),
      upTos: some.map(({ version }) => version),
    };
    for (const { sku, added, taken } of await read((db) => stockReservedMoves.run(columns, db))) {
      moves.set(fromSkuColumn(sku), { added, taken });
    }
  }
  return moves;
}

/** What two looks know together. Where they contradict each other something new happened: the last counts. */
function narrowed(known: Map<number, Difference>, last: Map<number, Difference>): Map<number, Difference> {
  const both = new Map<number, Difference>();
  for (const [sku, one] of known) {
    const other = last.get(sku);
    if (other === undefined) continue;
    const least = one.least > other.least ? one.least : other.least;
    const most = one.most < other.most ? one.most : other.most;
    both.set(sku, least > most ? other : { least, most });
  }
  return both;
}
