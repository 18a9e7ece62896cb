/** What `make` checks before it does anything, and how it installs. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../support/root.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-make-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs `make check-node` where `node` is this Node.js under the name of another version. */
async function checkNode(version: string) {
  const preload = `Object.defineProperty(process, 'version', { value: 'v${version}' });
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  await writeFile(join(dir, 'version.cjs'), preload);
  const node = join(dir, 'node');
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' --require '${dir}/version.cjs' "$@"\n`);
  await chmod(node, 0o755);
  const env = { PATH: `${dir}:${process.env.PATH}` };
  return promisify(execFile)('make', ['--no-print-directory', 'check-node'], { cwd: root, env });
}

test.each(['20.19.0', '20.20.2', '24.0.0', '26.10.0'])('Node.js %s is new enough', async (version) => {
  await expect(checkNode(version)).resolves.toMatchObject({ stderr: '' });
});

test.each(['16.20.2', '18.20.8', '20.18.3'])('Node.js %s is too old', async (version) => {
  const message = `loms needs Node.js 20.19 or newer, this is v${version}`;
  await expect(checkNode(version)).rejects.toMatchObject({ stderr: expect.stringContaining(message) });
});

test('what the build needs is installed in production mode too, and no install script runs', async () => {
  const args = ['--no-print-directory', '--dry-run', '--always-make', 'build'];
  const env = { PATH: process.env.PATH, NODE_ENV: 'production' };
  const { stdout } = await promisify(execFile)('make', args, { cwd: root, env });
  expect(stdout).toContain('npm ci --include=dev');
  expect(await readFile(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
});
