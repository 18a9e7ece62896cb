/** Connections to one database node: a pool of pipelined ones, with every limit set. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { connectionOf, optionsOf } from './connection.ts';
import { statementName } from './statements.ts';
import type { Queryable, Rows } from './types.ts';

export interface ConnectionLimits {
  /** The most connections to one node. */
  readonly poolSize: number;
  /** The time limit for opening a connection, in milliseconds; likewise below. */
  readonly connectTimeoutMs: number;
  /** The time limit for a read on one node. */
  readonly readTimeoutMs: number;
  /** The time limit for a transaction, COMMIT included. */
  readonly writeTimeoutMs: number;
}

/** The type `bigint[]`, whose elements `pg` leaves as texts. */
const INT8_ARRAY = 1016;
const parseTexts = pg.types.getTypeParser(INT8_ARRAY as number) as (text: string) => string[];

/** 64-bit integers are parsed as bigint, never rounded. Everything else is parsed as `pg` does by default. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return BigInt;
    if (oid === INT8_ARRAY && format !== 'binary') return (text: string) => parseTexts(text).map(BigInt);
    return pg.types.getTypeParser(oid, format as 'text') as unknown;
  },
};

/**
 * The settings of every session, by which guarantees and limits hold. Each is checked to be in force when a
 * connection is opened (cluster/server-check.ts).
 *
 * Statements are pipelined behind BEGIN. If BEGIN fails they would autocommit, so sessions are read-only by
 * default. The lock timeout is half, the statement timeout three quarters, of a transaction's time limit. So
 * what is stuck before COMMIT fails on the server first, with an error that proves that nothing was done.
 *
 * @returns names and values, in the form in which PostgreSQL shows them.
 */
export function sessionSettings({ writeTimeoutMs }: ConnectionLimits): Readonly<Record<string, string>> {
  return {
    synchronous_commit: 'remote_apply',
    default_transaction_read_only: 'on',
    lock_timeout: shownTime(Math.ceil(writeTimeoutMs / 2)),
    statement_timeout: shownTime(Math.ceil((writeTimeoutMs * 3) / 4)),
    idle_in_transaction_session_timeout: shownTime(writeTimeoutMs),
  };
}

/**
 * Rows are found along indexes, which all statements are written for, and so are locked in the order of the
 * index: batches that share rows queue up. Other scans lock in the order of pages, which can deadlock; the
 * server then rolls one transaction back, and it is retried. So these are not checked.
 *
 * A statement has one plan for all values, as in the tests of plans. A plan for given values can use an index
 * that holds only the orders of one status, where the statistics show few of them: to change an order it then
 * reads the entries of all open orders, however many there are by then.
 */
const planSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  plan_cache_mode: 'force_generic_plan',
};

/**
 * Only a warning shows that the wait of a COMMIT for the replica was cancelled. They are sent by default, so
 * this is not checked either.
 */
const messageSettings = { client_min_messages: 'warning' };

const UNITS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A time as PostgreSQL shows it: in the largest unit that needs no fraction. */
function shownTime(timeMs: number): string {
  const [unit, sizeMs] = UNITS.find(([, each]) => timeMs % each === 0) ?? ['ms', 1];
  return `${timeMs / sizeMs}${unit}`;
}

/**
 * Opens a pool. Connections are opened when they are first needed.
 *
 * @param onConnect verifies each new connection before it is used; when it rejects, the connection is not
 * used.
 * @throws when a file that the URL names cannot be read.
 */
export function openPool(
  url: string,
  limits: ConnectionLimits,
  onError: (error: Error) => void,
  onConnect?: (client: pg.ClientBase) => Promise<void>,
): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url, limits),
    Client,
    max: limits.poolSize,
    idleTimeoutMillis: 0,
    ...(onConnect === undefined ? {} : { onConnect }),
  });
  pool.on('error', onError);
  // A connection that breaks while it is checked out emits an error event, which would end the process. Its
  // queries fail with the same error, and that is where it is handled.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** Opens a connection like those of a pool, outside of it; it is not connected yet. */
export function openClient(
  url: string,
  limits: ConnectionLimits,
  onError: (error: Error) => void,
): pg.Client {
  return new Client(clientConfig(url, limits)).on('error', onError);
}

function clientConfig(url: string, limits: ConnectionLimits): pg.ClientConfig & { pipeline: boolean } {
  return {
    connectionTimeoutMillis: limits.connectTimeoutMs,
    ...connectionOf(url),
    pipeline: true,
    types,
    keepAlive: true,
    options: optionsOf({ ...sessionSettings(limits), ...planSettings, ...messageSettings }),
  };
}

/**
 * A connection that is closed when it fails on this side, such as for want of a password. `pg` leaves it
 * open, and the server would keep its session until the end of its `authentication_timeout`.
 */
class Client extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    wireOf(this).on('error', () => destroy(this));
  }
}

/** Closes a connection's socket at once; `end()` would wait for outstanding answers. */
export function destroy(client: pg.ClientBase): void {
  wireOf(client).stream.destroy();
}

function wireOf(client: pg.ClientBase): EventEmitter & { readonly stream: Socket } {
  return (client as unknown as { connection: EventEmitter & { stream: Socket } }).connection;
}

/** Encodes arrays of numbers as array literals: `pg` quotes every element, which shows in a profile. */
export function encodeValues(values: unknown[]): unknown[] {
  return values.map((value) => (isNumbers(value) ? `{${value.join(',')}}` : value));
}

function isNumbers(value: unknown): value is (bigint | number)[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'bigint' || typeof each === 'number');
}

/**
 * Runs each statement, prepared and within a time limit, on a free connection of a pool or on one connection.
 *
 * @param timeoutMs when it has passed the statement fails, and a pool destroys its connection.
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
