/**
 * A third server beside the two of a temporary cluster: a copy of one of them, on a port of its own.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries } from '../src/db/embedded/binaries.ts';
import { urlOf } from '../src/db/embedded/bootstrap.ts';
import { run } from '../src/db/embedded/command.ts';
import { findPlace } from '../src/db/embedded/place.ts';
import { PostgresServer } from '../src/db/embedded/server.ts';
import { freePorts } from './free-port.ts';
import { quiet } from './quiet.ts';

const COPY_LIMIT_MS = 60_000;

export interface CopiedServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Copies a server of the cluster, which must be stopped.
 *
 * @param dir the folder of the temporary cluster; the copy is removed with it.
 * @param primaryConninfo what the copy follows, when it is to be a replica.
 */
export async function copyServer(
  dir: string,
  from: 'primary' | 'replica',
  primaryConninfo?: string,
): Promise<CopiedServer> {
  const { home, account } = await findPlace(dir);
  const [port = 0] = await freePorts(1);
  const folder = join(home, 'copy');
  await run('cp', ['-RPp', join(home, from), folder], { account: undefined, limitMs: COPY_LIMIT_MS });
  const settings = [`port = ${port}`, "cluster_name = 'copy'"];
  if (primaryConninfo !== undefined) {
    settings.push(
      `primary_conninfo = '${primaryConninfo} application_name=copy'`,
      "primary_slot_name = 'copy'",
    );
    await writeFile(join(folder, 'standby.signal'), '');
  }
  await appendFile(join(folder, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  const tools = { binaries: await findBinaries(account), account, logger: quiet };
  const server = new PostgresServer(folder, join(home, 'log', 'copy.log'), tools);
  return { url: urlOf(port), start: () => server.start(), stop: () => server.stop('immediate') };
}
