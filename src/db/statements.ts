/** The names of the statements of `sql/`, by their texts: what logs and traces show of a transaction. */
import { createHash } from 'node:crypto';
import { PreparedQuery, processSQLQueryIR } from '@pgtyped/runtime';
import * as cluster from '../generated/sql/cluster.ts';
import * as events from '../generated/sql/events.ts';
import * as idempotencyKeys from '../generated/sql/idempotency_keys.ts';
import * as migrations from '../generated/sql/migrations.ts';
import * as orders from '../generated/sql/orders.ts';
import * as schema from '../generated/sql/schema.ts';
import * as stockMovements from '../generated/sql/stock_movements.ts';
import * as stocks from '../generated/sql/stocks.ts';

/** By the names of their files. */
export const statementFiles = {
  cluster,
  events,
  migrations,
  orders,
  schema,
  stocks,
  idempotency_keys: idempotencyKeys,
  stock_movements: stockMovements,
};

type Query = Parameters<typeof processSQLQueryIR>[0];

const names = new Map<string, string>(
  Object.entries(statementFiles).flatMap(([file, queries]) =>
    Object.entries(queries)
      .filter(([, query]) => (query as unknown) instanceof PreparedQuery)
      .map(([name, query]) => [textOf(query as never), `${file}.${name}`] as const),
  ),
);

/** The text that a query sends: the library keeps the query to itself, and makes its text at each run. */
function textOf({ queryIR }: { readonly queryIR: Query }): string {
  return processSQLQueryIR(queryIR).query;
}

/**
 * The name of a statement (`orders.orderLock`), under which the server also prepares it. One that is not of
 * `sql/` has a name made of its text. Texts are a small, closed set, so their number is bounded.
 */
export function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    names.set(text, name);
  }
  return name;
}
