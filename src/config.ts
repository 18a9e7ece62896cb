/**
 * The configuration: the only reader of the environment. It is checked as a whole at start, and every mistake
 * is listed. The README's table is the same list with words.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { hostOf, splitHosts } from './database-urls.ts';

const port = (standard: number) => number(standard, 0, 65_535);

const host = z.string().default('127.0.0.1');

/** What a database URL must leave to loms: its promises and limits rest on these, and a URL's would win. */
const OWN_PARAMETERS = [
  'options',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'host',
  'port',
];

/** A URL for each node that a database URL names. */
const postgresUrls = z
  .string()
  .refine(splitHosts, 'must be a postgres:// URL with a host, or several, and a database')
  .refine(leavesOurParameters, `must not set ${OWN_PARAMETERS.join(', ')}`)
  .transform((text) => splitHosts(text) ?? []);

const flag = (standard: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .default(standard ? 'true' : 'false')
    .transform((text) => text === 'true');

const schema = z.object({
  HTTP_HOST: host,
  HTTP_PORT: port(8080),
  GRPC_HOST: host,
  GRPC_PORT: port(50_051),
  DATABASE_URL: postgresUrls.optional(),
  DATABASE_REPLICA_URLS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((url) => url.trim()))
    .transform((urls) => urls.filter((url) => url !== ''))
    .pipe(z.array(postgresUrls))
    .transform((urls) => urls.flat()),
  EMBEDDED_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  EMBEDDED_PRIMARY_PORT: number(54_321, 1, 65_535),
  EMBEDDED_REPLICA_PORT: number(54_322, 1, 65_535),
  MIGRATE_ON_START: flag(true),
  SEED_ON_START: z
    .string()
    .regex(/^[a-z-]+$/, 'must be true, false or the name of a seed set')
    .default('false')
    .transform(seedSetOf),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be a level of pino')
    .default('info'),
  REQUEST_TIMEOUT_MS: number(10_000, 1, 600_000),
  WRITE_TIMEOUT_MS: number(5_000, 100, 600_000),
  READ_TIMEOUT_MS: number(2_000, 10, 600_000),
  CONNECT_TIMEOUT_MS: number(2_000, 10, 600_000),
  SHUTDOWN_TIMEOUT_MS: number(15_000, 100, 600_000),
  NODE_CHECK_INTERVAL_MS: number(1_000, 10, 600_000),
  REPLICA_LAG_MAX_MS: number(5_000, 0, 600_000),
  IDEMPOTENCY_RETENTION_MS: number(86_400_000, 1_000, 604_800_000),
  QUEUE_MAX: number(10_000, 1, 1_000_000),
  BATCH_MAX: number(1_000, 1, 10_000),
  WRITE_LANES: number(2, 1, 16),
  READ_LANES: number(2, 1, 16),
});

const EMBEDDED_PORTS = ['EMBEDDED_PRIMARY_PORT', 'EMBEDDED_REPLICA_PORT'] as const;

export type Config = z.output<typeof schema>;

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
  const result = schema.safeParse(set);
  const mistakes =
    result.error?.issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`) ?? [];
  if (set.DATABASE_REPLICA_URLS !== undefined && set.DATABASE_URL === undefined) {
    mistakes.push('DATABASE_REPLICA_URLS: needs DATABASE_URL');
  }
  if (result.success) mistakes.push(...samePorts(result.data), ...sameNodes(result.data));
  if (result.success && mistakes.length === 0) return result.data;
  throw new ConfigError(`the configuration has mistakes:\n${mistakes.map((text) => `  ${text}`).join('\n')}`);
}

/** The URLs of the configured nodes, of which one is the primary; none where the service brings its own. */
export function databaseUrls(config: Config): string[] {
  return [...(config.DATABASE_URL ?? []), ...config.DATABASE_REPLICA_URLS];
}

function number(standard: number, min: number, max: number) {
  const mistake = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, mistake)
    .transform(Number)
    .pipe(z.number().min(min, mistake).max(max, mistake))
    .default(standard);
}

function leavesOurParameters(text: string): boolean {
  const [url] = splitHosts(text) ?? [];
  return url === undefined || !OWN_PARAMETERS.some((name) => new URL(url).searchParams.has(name));
}

/** A node that is named twice would look like two primaries. */
function sameNodes(config: Config): string[] {
  const hosts = databaseUrls(config).map(hostOf);
  if (new Set(hosts).size === hosts.length) return [];
  return ['DATABASE_URL, DATABASE_REPLICA_URLS: must not name a host and port twice'];
}

/** Each port can be listened on once; 0 takes any free one. */
function samePorts(config: Config): string[] {
  const names = ['HTTP_PORT', 'GRPC_PORT', ...(config.DATABASE_URL ? [] : EMBEDDED_PORTS)] as const;
  const first = new Map<number, string>();
  return names.flatMap((name) => {
    const port = config[name];
    const other = first.get(port);
    first.set(port, other ?? name);
    return port !== 0 && other !== undefined ? [`${name}: must not be the same as ${other}`] : [];
  });
}

/** `true` asks for the development stock; any other word is the name of a set. */
function seedSetOf(text: string): string | undefined {
  if (text === 'false') return undefined;
  return text === 'true' ? 'development' : text;
}
