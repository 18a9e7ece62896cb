/** The state of the database at the end of a run. */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import type { CancelReason, Line, OrderStatus } from '../../src/domain/orders/order.ts';
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
}

export interface FinalStock {
  readonly sku: number;
  readonly total: number;
  readonly reserved: number;
}

export interface FinalState {
  readonly orders: readonly FinalOrder[];
  readonly stocks: readonly FinalStock[];
  /** The order of every idempotency key. */
  readonly keys: ReadonlyMap<string, number>;
}

const QUERY_LIMIT_MS = 20_000;
/** How long a replica may take to replay everything. */
const REPLAY_LIMIT_MS = 15_000;
const LOOK_INTERVAL_MS = 200;

/**
 * Reads the final state of a node and of its replica, if there is one: when both agree, or at the time limit.
 */
export async function readFinalStates(url: string, replicaUrl: string | undefined) {
  if (replicaUrl === undefined) return { final: await readFinalState(url) };
  const limitMs = performance.now() + REPLAY_LIMIT_MS;
  for (;;) {
    const final = await readFinalState(url);
    // A replica that is still starting is read again.
    const replica = await readFinalState(replicaUrl).catch(() => emptyState);
    const isSettled = isDeepStrictEqual(final, replica);
    if (isSettled || performance.now() > limitMs) return { final, replica };
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

const emptyState: FinalState = { orders: [], stocks: [], keys: new Map() };

async function readFinalState(url: string): Promise<FinalState> {
  const client = new pg.Client({ connectionString: url, query_timeout: QUERY_LIMIT_MS });
  client.on('error', () => {});
  await client.connect();
  try {
    const orders = await client.query(statements.finalOrdersRead);
    const stocks = await client.query(statements.finalStocksRead);
    const keys = await client.query(statements.finalKeysRead);
    return {
      orders: orders.rows.map((row) => ({
        orderId: Number(row.order_id),
        user: Number(row.user_id),
        status: row.status,
        cancelReason: row.cancel_reason ?? undefined,
        updatedMs: Number(row.updated_ms),
        expiresMs: row.expires_ms === null ? undefined : Number(row.expires_ms),
        lines: row.lines,
      })),
      stocks: stocks.rows.map((row) => ({
        sku: Number(row.sku),
        total: Number(row.total_count),
        reserved: Number(row.reserved),
      })),
      keys: new Map(keys.rows.map((row) => [row.key, Number(row.order_id)])),
    };
  } finally {
    await client.end();
  }
}
