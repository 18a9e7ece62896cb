/**
 * What a new connection must have reached: a supported PostgreSQL, with the settings of the session in
 * force.
 */
import type pg from 'pg';
import { nodeStarted } from '../../generated/sql/cluster.ts';
import { sqlStateOf, UnusableServer } from '../errors.ts';
import { type ConnectionLimits, readerOf, sessionSettings } from '../pool.ts';

/** The major versions that loms is tested with. */
export const supportedVersions = { min: 15, max: 18 };

const SHARED_SESSION =
  'a pooler between loms and PostgreSQL shares sessions (transaction mode): connect directly';

const DUPLICATE_STATEMENT = '42P05';

export interface ServerSeen {
  /** The server's start time. */
  readonly started: string;
  /** Its version as `server_version_num`: 180004 is 18.4. */
  readonly version: number;
  /** The process of the server that works for this connection. */
  readonly pid: number;
}

/**
 * Queries a new connection for the server behind it.
 *
 * @throws UnusableServer when the server is too old; when settings are not in force: a pooler between drops
 * them, and then a read may miss an acknowledged write, and nothing has a time limit; when the session was
 * used by another connection before.
 */
export async function checkServer(client: pg.ClientBase, limits: ConnectionLimits): Promise<ServerSeen> {
  const settings = sessionSettings(limits);
  const wanted = { names: Object.keys(settings), values: Object.values(settings) };
  const reader = readerOf(client, limits.connectTimeoutMs);
  const [server] = await nodeStarted.run(wanted, reader).catch((error) => {
    // No statement was prepared on this connection before.
    throw sqlStateOf(error) === DUPLICATE_STATEMENT ? new UnusableServer(SHARED_SESSION) : error;
  });
  if (server === undefined) throw new Error('the node returned no state');
  const problem = versionProblem(server.version) ?? settingsProblem(server.dropped);
  if (problem !== undefined) throw new UnusableServer(problem);
  return server;
}

/**
 * Verifies that a session belongs to one connection. A pooler in transaction mode gives it to whichever
 * connection has work: prepared statements are missing then, and what was checked of a connection holds for
 * none of its statements.
 *
 * A pooler makes up the process id that it reports at the start of a connection. Where it differs from the
 * true one, a second connection is opened while the first is idle: a shared session has the same process.
 *
 * @param server what was seen on the first connection.
 * @param openSecond opens a connection by the same URL; it is closed here.
 * @throws UnusableServer when the session is shared.
 */
export async function checkOwnSession(
  first: pg.ClientBase,
  server: ServerSeen,
  limits: ConnectionLimits,
  openSecond: () => pg.Client,
): Promise<void> {
  const { processID: reportedPid } = first as unknown as { processID: number };
  if (reportedPid === server.pid) return;
  const second = openSecond();
  try {
    await second.connect();
    const { pid } = await checkServer(second, limits);
    if (pid === server.pid) throw new UnusableServer(SHARED_SESSION);
  } finally {
    // Nothing is under way. A network that has gone silent never confirms the end, so nobody waits for it.
    second.end().catch(() => {});
  }
}

/** Why a version of PostgreSQL is not used; undefined when it is. */
export function versionProblem(version: number): string | undefined {
  const { min, max } = supportedVersions;
  if (majorOf(version) >= min) return undefined;
  return `PostgreSQL ${majorOf(version)} is not supported: ${min} to ${max} are`;
}

/** Whether a version is newer than those that loms is tested with. */
export function isUntested(version: number): boolean {
  return majorOf(version) > supportedVersions.max;
}

export const majorOf = (version: number) => Math.floor(version / 10_000);

function settingsProblem(dropped: readonly string[]): string | undefined {
  if (dropped.length === 0) return undefined;
  return `a pooler between loms and PostgreSQL drops its settings (${dropped.join(', ')}): connect directly`;
}
