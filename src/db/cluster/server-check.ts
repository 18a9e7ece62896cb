/**
 * What a new connection must have reached: a supported PostgreSQL, with the settings of the session in
 * force.
 */
import type pg from 'pg';
import { nodeStarted } from '../../generated/sql/cluster.ts';
import { UnusableServer } from '../errors.ts';
import { type ConnectionLimits, readerOf, sessionSettings } from '../pool.ts';

/** The major versions that loms is tested with. */
export const supportedVersions = { min: 15, max: 18 };

export interface ServerSeen {
  /** The server's start time. */
  readonly started: string;
  /** Its version as `server_version_num`: 180004 is 18.4. */
  readonly version: number;
}

/**
 * Queries a new connection for the server behind it.
 *
 * @throws UnusableServer when the server is too old, or when settings are not in force: a pooler between
 * drops them, and then a read may miss an acknowledged write, and nothing has a time limit.
 */
export async function checkServer(client: pg.ClientBase, limits: ConnectionLimits): Promise<ServerSeen> {
  const settings = sessionSettings(limits);
  const wanted = { names: Object.keys(settings), values: Object.values(settings) };
  const [server] = await nodeStarted.run(wanted, readerOf(client, limits.connectTimeoutMs));
  if (server === undefined) throw new Error('the node returned no state');
  const problem = versionProblem(server.version) ?? settingsProblem(server.dropped);
  if (problem !== undefined) throw new UnusableServer(problem);
  return server;
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
