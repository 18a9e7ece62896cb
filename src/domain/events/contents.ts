/** What events are about, read in bulk: the orders with their lines, and the movements of stock. */
import type { Queryable } from '../../db/types.ts';
import { contract } from '../../generated/contract.ts';
import {
  eventOrderRead,
  eventStockRead,
  type IEventOrderReadResult,
  type IEventStockReadResult,
} from '../../generated/sql/events.ts';
import type { Line } from '../orders/order.ts';
import { asMovementKind } from '../stock/movements.ts';
import type { StockEventMovement } from './event.ts';

/** Who ordered what. */
export interface Ordered {
  /** Undefined, like the lines empty, of an order that was removed. */
  readonly user: bigint | undefined;
  readonly items: readonly Line[];
  /** How many characters the lines had. */
  readonly chars: number;
}

/** By their ids. */
export type Orders = ReadonlyMap<bigint, Ordered>;

export const REMOVED: Ordered = { user: undefined, items: [], chars: 0 };

/**
 * The most lines that are read for a page, unless its first orders have more. All orders of a page may have
 * far more than it has room for, and to read these would take longer than a read may.
 */
const LINES_MAX = 100_000;
const FEW_ORDERS = LINES_MAX / contract.CreateOrderRequest.items.maxItems;

/** Reads orders, from the first one on up to a limit of text and about as many lines. */
export async function readOrders(db: Queryable, ids: readonly bigint[], textMax: number): Promise<Orders> {
  if (ids.length === 0) return new Map();
  const limits = { textMax: BigInt(textMax), linesMax: BigInt(LINES_MAX), fewOrders: BigInt(FEW_ORDERS) };
  const rows = await eventOrderRead.run({ orderIds: [...ids], ...limits }, db);
  return new Map(rows.map((row, index) => [ids[index] as bigint, orderedOf(row)]));
}

function orderedOf({ user_id: user, lines }: IEventOrderReadResult): Ordered {
  // An order has its lines before it is read, or was removed.
  if (user === null || lines === null) return REMOVED;
  return { user, items: linesOf(lines), chars: lines.length };
}

/** The lines of `sku count sku count`. */
function linesOf(text: string): Line[] {
  const numbers = text.split(' ');
  const lines: Line[] = [];
  for (let index = 0; index < numbers.length; index += 2)
    lines.push({ sku: Number(numbers[index]), count: Number(numbers[index + 1]) });
  return lines;
}

/** A movement, and how many bytes its texts have. */
export interface Moved {
  readonly movement: StockEventMovement;
  readonly textBytes: number;
}

/** By the key of each. */
export type Movements = ReadonlyMap<string, Moved>;

/** Names a movement: each raises the version of its sku. */
export function movementKey({ sku, version }: MovementId): string {
  return `${sku} ${version}`;
}

interface MovementId {
  readonly sku: bigint;
  readonly version: bigint;
}

/** Reads movements; those that were removed are missing. */
export async function readMovements(db: Queryable, ids: readonly MovementId[]): Promise<Movements> {
  if (ids.length === 0) return new Map();
  const columns = { skus: ids.map(({ sku }) => sku), versions: ids.map(({ version }) => version) };
  const found = await eventStockRead.run(columns, db);
  return new Map(found.map((row) => [movementKey(row), movedOf(row)]));
}

function movedOf(row: IEventStockReadResult): Moved {
  const texts = [row.reference, row.note, row.actor];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
  return { movement: movementOf(row), textBytes };
}

function movementOf(row: IEventStockReadResult): StockEventMovement {
  return {
    kind: asMovementKind(row.kind),
    totalChange: row.total_change,
    total: row.total_after,
    reserved: row.reserved_after,
    reason: row.reason ?? undefined,
    reference: row.reference ?? undefined,
    note: row.note ?? undefined,
    actor: row.actor ?? undefined,
  };
}
