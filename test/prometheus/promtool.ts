/** Prometheus's own tool. */
import { execFileSync } from 'node:child_process';
import { root } from '../support/root.ts';

/**
 * Runs `promtool`, in the folder of the checkout.
 *
 * @returns what it prints on standard output.
 * @throws with all that it prints where it finds a mistake, or where PROMTOOL is not set.
 */
export function promtool(args: readonly string[], input = ''): string {
  const { PROMTOOL } = process.env;
  if (!PROMTOOL) throw new Error('PROMTOOL is not set: run make test-prometheus');
  try {
    return execFileSync(PROMTOOL, args, { cwd: root, input, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`);
  }
}
