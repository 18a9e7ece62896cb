/**
 * Generated files are written to `build/` first. Then they replace the committed files or, with `--check`,
 * are compared with them.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether this run compares instead of writing. */
const checking = process.argv.includes('--check');

/**
 * Replaces the target by staged output or, with `--check`, fails the run when they differ.
 *
 * @param staged the generated file or folder.
 * @param target the committed one; a folder is replaced as a whole.
 */
export function settle(staged: string, target: string): void {
  if (!checking) {
    rmSync(target, { recursive: true, force: true });
    cpSync(staged, target, { recursive: true });
    return;
  }
  const names = new Set([...filesOf(staged), ...filesOf(target)]);
  const stale = [...names].filter((name) => contents(join(staged, name)) !== contents(join(target, name)));
  for (const name of stale.sort()) console.error(`stale: ${join(target, name)}`);
  if (stale.length === 0) return;
  console.error('Run: make generate');
  process.exitCode = 1;
}

/** The files below a folder, by their relative paths. A file is its own, with an empty path. */
function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [''];
  const entries = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return entries.filter((entry) => statSync(join(path, entry)).isFile());
}

function contents(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
