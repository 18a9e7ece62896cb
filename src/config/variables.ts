/** The environment variables, each by itself: form, limits and default. README.md lists them all. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { mistakeIn, splitHosts } from '../db/urls.ts';

const port = (standard: number) => number(standard, 0, 65_535);

const host = z.string().default('127.0.0.1');

/** A URL for each node that a database URL names. */
const postgresUrls = z.string().transform((text, context) => {
  const message = mistakeIn(text);
  if (message === undefined) return splitHosts(text) ?? [];
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const flag = (standard: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .default(standard ? 'true' : 'false')
    .transform((text) => text === 'true');

const path = z
  .string()
  .transform((text) => resolve(text))
  .optional();

export const variables = z.object({
  NODE_ENV: z.string().optional(),
  HTTP_HOST: host,
  HTTP_PORT: port(8080),
  GRPC_HOST: host,
  GRPC_PORT: port(50_051),
  AUTH: z.enum(['none', 'jwt'], 'must be none or jwt').optional(),
  AUTH_JWKS: z
    .string()
    .refine((text) => !holdsCredentials(text), 'must not hold a user or password')
    .optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z.string().optional(),
  TLS_CERT_FILE: path,
  TLS_KEY_FILE: path,
  TLS_CLIENT_CA_FILE: path,
  REFLECTION: flag(true),
  DOCS: flag(true),
  DATABASE_URL: postgresUrls.optional(),
  MIGRATION_DATABASE_URL: postgresUrls.optional(),
  DATABASE_REPLICA_URLS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((url) => url.trim()))
    .transform((urls) => urls.filter((url) => url !== ''))
    .pipe(z.array(postgresUrls))
    .transform((urls) => urls.flat()),
  EMBEDDED: flag(false),
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
  START_TIMEOUT_MS: number(30_000, 0, 600_000),
  SHUTDOWN_TIMEOUT_MS: number(15_000, 100, 900_000),
  NODE_CHECK_INTERVAL_MS: number(1_000, 10, 600_000),
  REPLICA_LAG_MAX_MS: number(5_000, 0, 600_000),
  IDEMPOTENCY_RETENTION_MS: number(86_400_000, 1_000, 604_800_000),
  QUEUE_MAX: number(10_000, 1, 1_000_000),
  BATCH_MAX: number(1_000, 1, 10_000),
  WRITE_LANES: number(2, 1, 16),
  READ_LANES: number(2, 1, 16),
});

/** The variables after each was validated by itself. */
export type Variables = z.output<typeof variables>;

function number(standard: number, min: number, max: number) {
  const mistake = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, mistake)
    .transform(Number)
    .pipe(z.number().min(min, mistake).max(max, mistake))
    .default(standard);
}

function holdsCredentials(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** `true` is the development stock; any other word is the name of a set. */
function seedSetOf(text: string): string | undefined {
  if (text === 'false') return undefined;
  return text === 'true' ? 'development' : text;
}
