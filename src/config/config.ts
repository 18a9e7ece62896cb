/**
 * The configuration: the only reader of the environment. It is checked as a whole at start, and every mistake
 * is listed. The README's table is the same list with words.
 */
import { authOf, mistakesBetween } from './checks.ts';
import { type Variables, variables } from './variables.ts';

/** What is configured, with who is let in decided. */
export type Config = Omit<Variables, 'AUTH'> & { readonly AUTH: 'none' | 'jwt' };

/** Every mistake in the environment, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the configuration. A variable that is set to nothing counts as not set.
 *
 * @throws ConfigError listing every mistake.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = variables.safeParse(set);
  const mistakes =
    result.error?.issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`) ?? [];
  if (result.success) mistakes.push(...mistakesBetween(result.data));
  if (result.success && mistakes.length === 0) return { ...result.data, AUTH: authOf(result.data) };
  throw new ConfigError(`the configuration has mistakes:\n${mistakes.map((text) => `  ${text}`).join('\n')}`);
}
