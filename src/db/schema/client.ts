/** A connection of its own for migrations and seeds, whose statements may run for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { monotonicMs } from '../../timing/clock.ts';
import { connectionOf, optionsOf } from '../connection.ts';
import { causeOf, DatabaseUnavailable, isRefused, isUnavailable } from '../errors.ts';
import type { Queryable } from '../types.ts';

/** The longest that a statement of a migration may take, even one that rewrites a large table. */
const STATEMENT_TIMEOUT_MS = 15 * 60_000;

const CONNECT_TIMEOUT_MS = 10_000;

/** A server that has vanished is noticed some ten seconds after this time, also while a statement runs. */
const KEEP_ALIVE_MS = 10_000;

const POLL_INTERVAL_MS = 100;

export interface WaitOptions {
  /** How long to wait for what is missing, in milliseconds. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is waited for, for operators. */
  readonly onWait?: ((reason: string) => void) | undefined;
}

/**
 * Runs `use` on a new connection to this URL, and closes it. While the server gives no connection, because it
 * or the role has as many as it may have, this waits.
 *
 * @throws DatabaseUnavailable with the cause when there is no connection in time; the server's error at once
 * where waiting does not help; the signal's reason.
 */
export async function withClient<T>(
  url: string,
  log: Logger,
  options: WaitOptions,
  use: (client: Queryable) => Promise<T>,
): Promise<T> {
  const client = await connect(url, log, options);
  try {
    return await use(client as unknown as Queryable);
  } finally {
    await client.end();
  }
}

async function connect(
  url: string,
  log: Logger,
  { timeoutMs = 0, signal, onWait }: WaitOptions,
): Promise<pg.Client> {
  const deadlineMs = monotonicMs() + timeoutMs;
  for (let isLogged = false; ; isLogged = true) {
    const client = newClient(url);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end();
      if (isRefused(error) || !isUnavailable(error)) throw error;
      const cause = causeOf(error as Error);
      if (monotonicMs() >= deadlineMs) {
        throw new DatabaseUnavailable(`no connection after ${timeoutMs} ms: ${cause}`, { cause: error });
      }
      if (!isLogged) log.warn({ err: error }, 'waiting for a connection');
      onWait?.(`waiting for a connection: ${cause}`);
      await sleep(POLL_INTERVAL_MS, undefined, { signal });
    }
  }
}

function newClient(url: string): pg.Client {
  const connection = connectionOf(url);
  const client = new pg.Client({
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...connection,
    application_name: `${connection.application_name} migrate`,
    options: optionsOf({ statement_timeout: `${STATEMENT_TIMEOUT_MS}ms` }),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  // A connection that breaks fails the current query too; without a listener its error event would end the
  // process.
  return client.on('error', () => {});
}
