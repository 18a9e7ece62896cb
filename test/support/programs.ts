/**
 * The programs of the sources, compiled without a check of types: from the sources, each start would spend
 * more time on their transformation than on anything else.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './root.ts';

const FOLDER = 'build/programs';
/** What the programs read, beside their folder. */
const BESIDE = ['db', 'package.json'];

/** Node's arguments to run a program of `src`, such as `main` or `cli/tasks`, after `compilePrograms`. */
export const compiled = (program: string): readonly string[] => [`${FOLDER}/dist/${program}.js`];

/** Compiles what has changed since the last time. */
export async function compilePrograms(): Promise<void> {
  await mkdir(join(root, FOLDER), { recursive: true });
  for (const name of BESIDE) {
    const link = join(root, FOLDER, name);
    await rm(link, { force: true });
    await symlink(join(root, name), link);
  }
  const incremental = ['--incremental', '--tsBuildInfoFile', `${FOLDER}/state.json`];
  const options = ['--noCheck', '--sourceMap', 'false', ...incremental, '--outDir', `${FOLDER}/dist`];
  const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...options];
  await promisify(execFile)(process.execPath, args, { cwd: root });
}
