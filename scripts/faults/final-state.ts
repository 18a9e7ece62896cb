/** The state of the database at the end of a run. */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import type { ChangeKind } from '../../src/domain/events/event.ts';
import type { CancelReason, Line, OrderStatus } from '../../src/domain/orders/order.ts';
import type { MovementKind } from '../../src/domain/stock/movements.ts';
import { statements } from './statements.ts';

export interface FinalOrder {
  readonly orderId: number;
  readonly user: number;
  readonly status: OrderStatus;
  readonly cancelReason?: CancelReason | undefined;
  readonly updatedMs: number;
  /** When its reservation ends or has ended; undefined if it never does. */
  readonly expiresMs?: number | undefined;
  readonly lines: readonly Line[];
  /** One for its creation, and one more for each change. */
  readonly version: number;
}

export interface FinalStock {
  readonly sku: number;
  readonly total: number;
  readonly reserved: number;
}

/** A row of the ledger. Its times are in microseconds since the epoch. */
export interface FinalMovement {
  readonly sku: number;
  readonly version: number;
  readonly kind: MovementKind;
  readonly totalChange: number;
  readonly reservedChange: number;
  /** The counters after it. */
  readonly total: number;
  readonly reserved: number;
  readonly reference?: string | undefined;
  /** The order that did it alone, and how many did it together. */
  readonly orderId?: number | undefined;
  readonly orderCount: number;
  readonly createdUs: number;
  /** When it was counted. */
  readonly occurredUs?: number | undefined;
}

/** The events of a transaction, in parallel lists. */
export interface FinalBatch {
  readonly batchId: number;
  /** That of its first event in the feed; undefined where it is not published. */
  readonly position?: number | undefined;
  /** By what the database keeps, which is more precise than the types of events. */
  readonly kinds: readonly ChangeKind[];
  /** The order or sku of each. */
  readonly subjects: readonly number[];
  readonly versions: readonly number[];
  /** The ends of reservations, in milliseconds since the epoch; 0 for none, empty where no event has one. */
  readonly endsMs: readonly number[];
  /** Those whose counters the transaction has changed. */
  readonly skus: readonly number[];
}

/** All in one snapshot. */
export interface FinalState {
  readonly orders: readonly FinalOrder[];
  readonly stocks: readonly FinalStock[];
  /** By sku and version. */
  readonly movements: readonly FinalMovement[];
  /** The order of every idempotency key; undefined for a change of stock. */
  readonly keys: ReadonlyMap<string, number | undefined>;
  /** The feed, in its order; what is not published comes last. */
  readonly batches: readonly FinalBatch[];
}

const QUERY_LIMIT_MS = 20_000;
/** How long a replica may take to replay everything. */
const REPLAY_LIMIT_MS = 15_000;
const LOOK_INTERVAL_MS = 200;

/**
 * Reads the final state of a node and of its replica, if there is one: when all events are published and both
 * agree, or at the time limit.
 */
export async function readFinalStates(url: string, replicaUrl: string | undefined) {
  const limitMs = performance.now() + REPLAY_LIMIT_MS;
  for (;;) {
    const final = await readFinalState(url);
    // A replica that is still starting is read again.
    const replica =
      replicaUrl === undefined ? undefined : await readFinalState(replicaUrl).catch(() => emptyState);
    const isPublished = final.batches.at(-1)?.position !== undefined;
    const isSettled = isPublished && (replica === undefined || isDeepStrictEqual(final, replica));
    if (isSettled || performance.now() > limitMs) return { final, replica };
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

const emptyState: FinalState = { orders: [], stocks: [], movements: [], keys: new Map(), batches: [] };

async function readFinalState(url: string): Promise<FinalState> {
  const client = new pg.Client({ connectionString: url, query_timeout: QUERY_LIMIT_MS });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const orders = await client.query(statements.finalOrdersRead);
    const stocks = await client.query(statements.finalStocksRead);
    const movements = await client.query(statements.finalMovementsRead);
    const keys = await client.query(statements.finalKeysRead);
    const batches = await readBatches(client);
    return {
      orders: orders.rows.map((row) => ({
        orderId: Number(row.order_id),
        user: Number(row.user_id),
        status: row.status,
        cancelReason: row.cancel_reason ?? undefined,
        updatedMs: Number(row.updated_ms),
        expiresMs: optional(row.expires_ms),
        lines: row.lines,
        version: row.version,
      })),
      stocks: stocks.rows.map((row) => ({
        sku: Number(row.sku),
        total: Number(row.total_count),
        reserved: Number(row.reserved),
      })),
      movements: movements.rows.map(movementOf),
      keys: new Map(keys.rows.map((row) => [row.key, optional(row.order_id)])),
      batches,
    };
  } finally {
    await client.end();
  }
}

/** Reads all batches of events that there are. */
export async function readBatches(client: pg.Client): Promise<FinalBatch[]> {
  const { rows } = await client.query(statements.finalBatchesRead);
  return rows.map((row) => ({
    batchId: Number(row.batch_id),
    position: optional(row.position),
    kinds: row.types,
    subjects: row.subjects.map(Number),
    versions: row.versions.map(Number),
    endsMs: row.ends_us.map((us: string) => Number(us) / 1_000),
    skus: row.skus.map(Number),
  }));
}

function movementOf(row: Record<string, string> & { kind: MovementKind }): FinalMovement {
  return {
    sku: Number(row.sku),
    version: Number(row.version),
    kind: row.kind,
    totalChange: Number(row.total_change),
    reservedChange: Number(row.reserved_change),
    total: Number(row.total_after),
    reserved: Number(row.reserved_after),
    reference: row.reference ?? undefined,
    orderId: optional(row.order_id),
    orderCount: Number(row.order_count),
    createdUs: Number(row.created_us),
    occurredUs: optional(row.occurred_us),
  };
}

function optional(value: string | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
