/**
 * Connections to one database node: a pool of pipelined ones, with every limit set.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Queryable, Rows } from './types.ts';

export interface ConnectionLimits {
  /** The most connections to one node. */
  readonly poolSize: number;
  /** How long a new connection may take. */
  readonly connectTimeoutMs: number;
  /** How long a read may take before it is tried on another node. */
  readonly readTimeoutMs: number;
  /** How long a transaction may take, its COMMIT included. */
  readonly writeTimeoutMs: number;
}

/** 64-bit integers come as bigint, never rounded. Everything else is as `pg` does it. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? BigInt
      : (pg.types.getTypeParser(oid, format as 'text') as unknown),
};

/**
 * What every session has. Statements go out behind a BEGIN whose answer nobody has seen yet: should it have failed,
 * each of them would be a transaction of its own, and so none may write.
 */
const SESSION_OPTIONS = '-c synchronous_commit=remote_apply -c default_transaction_read_only=on';

/**
 * Opens a pool; connections are made when they are first needed.
 *
 * A lock is waited for half, and a statement may run three quarters, of the time that a transaction has. So
 * what is stuck before COMMIT ends on the server first, with an error that says that nothing was done.
 *
 * @param onConnect looks at each new connection before it is used; when it rejects, the connection is not.
 */
export function openPool(
  url: string,
  limits: ConnectionLimits,
  onError: (error: Error) => void,
  onConnect?: (client: pg.ClientBase) => Promise<void>,
): pg.Pool {
  const config: pg.PoolConfig & { pipeline: boolean } = {
    connectionString: url,
    application_name: 'loms',
    pipeline: true,
    types,
    max: limits.poolSize,
    idleTimeoutMillis: 0,
    keepAlive: true,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    lock_timeout: Math.ceil(limits.writeTimeoutMs / 2),
    statement_timeout: Math.ceil((limits.writeTimeoutMs * 3) / 4),
    idle_in_transaction_session_timeout: limits.writeTimeoutMs,
    options: SESSION_OPTIONS,
    ...(onConnect === undefined ? {} : { onConnect }),
  };
  const pool = new pg.Pool(config);
  pool.on('error', onError);
  // A connection that breaks while it is checked out raises its own event, which would end the process. Its
  // queries fail with the same error, and that is where it is handled.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** Closes a connection's socket at once. `end()` would wait for the answers that do not come. */
export function destroy(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

const statementNames = new Map<string, string>();

/**
 * The name under which the server prepares a statement: the same text has the same name everywhere. The
 * statements are those of `sql/` and so a small, closed set.
 */
export function statementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    statementNames.set(text, name);
  }
  return name;
}

/**
 * Writes arrays of numbers as the server reads them. `pg` would quote and escape every element, which for the
 * thousands of numbers of a batch shows in a profile.
 */
export function encodeValues(values: unknown[]): unknown[] {
  return values.map((value) => (isNumbers(value) ? `{${value.join(',')}}` : value));
}

function isNumbers(value: unknown): value is (bigint | number)[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'bigint' || typeof each === 'number');
}

/**
 * Runs each statement, prepared, within a time limit, on whichever connection of a pool is free or on one
 * connection.
 *
 * @param timeoutMs past it the statement fails, and a pool destroys its connection.
 */
export function readerOf(connections: pg.Pool | pg.ClientBase, timeoutMs: number): Queryable {
  return {
    query(text, values) {
      const prepared = { name: statementName(text), text, values: encodeValues(values) };
      const config = { ...prepared, query_timeout: timeoutMs };
      return connections.query(config) as Promise<pg.QueryResult & Rows>;
    },
  };
}
