/**
 * Generated files are made in `build/` first. From there they are either put in their place or, with
 * `--check`, compared with what is committed.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether this run compares instead of writing. */
export const checking = process.argv.includes('--check');

/**
 * Puts staged output in its place, or fails the run when it differs from what is there.
 *
 * @param staged a file or folder that was just generated.
 * @param target where it belongs; a folder is replaced as a whole.
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

/** The files below a folder; of a file, itself under the empty name. */
function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [''];
  const entries = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return entries.filter((entry) => statSync(join(path, entry)).isFile());
}

function contents(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
