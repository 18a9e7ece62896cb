/** The environment variables, each by itself: form, limits and default. README.md lists them all. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { mistakeIn, splitHosts } from '../db/urls.ts';
import { samplers } from '../telemetry/sampling.ts';
import { isAddressOrNetwork, isHost } from './addresses.ts';

const DAY_MS = 86_400_000;
/** The longest retention of keys and the shortest of orders, so that no kept key names a removed order. */
const WEEK_MS = 7 * DAY_MS;
/** The longest time for late payments: clearly before an expired order may be removed. */
const LATE_PAYMENT_MAX_MS = WEEK_MS - DAY_MS;
const HELD_PIECES_MAX = 1_000_000_000;
const TEN_YEARS_MS = 315_576_000_000;

const port = (standard: number) => number(standard, 0, 65_535);

const host = z.string().default('127.0.0.1');

/** A URL for each node that a database URL names. */
const postgresUrls = z.string().transform((text, context) => {
  const message = mistakeIn(text);
  if (message === undefined) return splitHosts(text) ?? [];
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const optionalFlag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .optional();

const flag = (standard: boolean) => optionalFlag.default(standard);

/** Texts separated by commas. */
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((each) => each.trim()))
  .transform((all) => all.filter((each) => each !== ''));

const path = z
  .string()
  .transform((text) => resolve(text))
  .optional();

/** A part of all, from 0 to 1. */
const share = z
  .string()
  .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'must be a number from 0 to 1, such as 0.01')
  .transform(Number);

/** An address that paths can be appended to. */
const serviceUrl = z
  .string()
  .refine(isPublicUrl, 'must be an http or https URL without credentials, query and fragment')
  .transform((text) => text.replace(/\/+$/, ''));

export const variables = z.object({
  NODE_ENV: z.string().optional(),
  HTTP_HOST: host,
  HTTP_PORT: port(8080),
  GRPC_HOST: host,
  GRPC_PORT: port(50_051),
  PROBE_PORT: wholeNumber(0, 65_535).optional(),
  LIVENESS_TIMEOUT_MS: number(60_000, 1_000, 3_600_000),
  KEEP_ALIVE_TIMEOUT_MS: number(65_000, 1_000, 3_600_000),
  AUTH: z.enum(['none', 'jwt'], 'must be none or jwt').optional(),
  AUTH_JWKS: z
    .string()
    .refine((text) => !holdsCredentials(text), 'must not hold a user or password')
    .optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z.string().optional(),
  AUTH_JWKS_MAX_AGE_MS: number(3_600_000, 60_000, 604_800_000),
  ALLOWED_HOSTS: list.refine((all) => all.every(isHost), 'must be names or addresses, without ports'),
  TRUSTED_PROXIES: list.refine(
    (all) => all.every(isAddressOrNetwork),
    'must be addresses or networks, such as 10.0.0.0/8',
  ),
  PEER_CONNECTIONS_MAX: number(1_000, 1, 100_000),
  PEER_CONNECTIONS_PER_SECOND: number(0, 0, 100_000),
  TLS_CERT_FILE: path,
  TLS_KEY_FILE: path,
  TLS_CLIENT_CA_FILE: path,
  REFLECTION: flag(true),
  DOCS: flag(true),
  PUBLIC_URL: serviceUrl.optional(),
  CONSOLE: optionalFlag,
  DATABASE_URL: postgresUrls.optional(),
  DATABASE_URL_FILE: path,
  MIGRATION_DATABASE_URL: postgresUrls.optional(),
  MIGRATION_DATABASE_URL_FILE: path,
  DATABASE_REPLICA_URLS: list.pipe(z.array(postgresUrls)).transform((urls) => urls.flat()),
  DATABASE_REPLICA_URLS_FILE: path,
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
  AUDIT_LOG: flag(false),
  ACCESS_LOG: z
    .union([z.enum(['none', 'errors', 'all']), share], 'must be none, errors, all, or a share from 0 to 1')
    .default('errors'),
  SLOW_BATCH_MS: zeroOr(1, 600_000, 1_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl.optional(),
  OTEL_SERVICE_NAME: z.string().default('loms'),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers, `must be one of ${samplers.join(', ')}`)
    .default('parentbased_traceidratio'),
  OTEL_TRACES_SAMPLER_ARG: share.default(0.01),
  REQUEST_TIMEOUT_MS: number(10_000, 1, 600_000),
  WRITE_TIMEOUT_MS: number(5_000, 100, 600_000),
  READ_TIMEOUT_MS: number(2_000, 10, 600_000),
  CONNECT_TIMEOUT_MS: number(2_000, 10, 600_000),
  START_TIMEOUT_MS: number(30_000, 0, 600_000),
  SHUTDOWN_DELAY_MS: number(0, 0, 600_000),
  SHUTDOWN_TIMEOUT_MS: number(15_000, 100, 900_000),
  NODE_CHECK_INTERVAL_MS: number(1_000, 10, 600_000),
  REPLICA_LAG_MAX_MS: number(5_000, 0, 600_000),
  IDEMPOTENCY_RETENTION_MS: number(DAY_MS, 1_000, WEEK_MS),
  RESERVATION_TTL_MS: zeroOr(1_000, TEN_YEARS_MS, 600_000),
  RESERVATION_TTL_MAX_MS: number(DAY_MS, 1_000, TEN_YEARS_MS),
  LATE_PAYMENT_WINDOW_MS: zeroOr(1_000, LATE_PAYMENT_MAX_MS, DAY_MS),
  HELD_PIECES_MAX_PER_USER: zeroOr(1, HELD_PIECES_MAX),
  COUNT_MAX_AGE_MS: number(DAY_MS, 1_000, WEEK_MS),
  ORDER_RETENTION_MS: zeroOr(WEEK_MS, TEN_YEARS_MS),
  LEDGER_RETENTION_MS: zeroOr(WEEK_MS, TEN_YEARS_MS),
  AUDIT_INTERVAL_MS: zeroOr(60_000, TEN_YEARS_MS, DAY_MS),
  EVENT_RETENTION_MS: number(WEEK_MS, 60_000, WEEK_MS),
  EVENT_READERS_MAX: number(1_000, 1, 100_000),
  EVENT_READERS_MAX_PER_CLIENT: number(200, 1, 100_000),
  PAGE_TOKEN_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  PAGE_TOKEN_KEY_FILE: path,
  LOMS_URL: serviceUrl.default('http://127.0.0.1:8080'),
  LOMS_TOKEN: z
    .string()
    .regex(/^[!-~]+$/, 'must be a token')
    .optional(),
  LOMS_TOKEN_FILE: path,
  QUEUE_MAX: number(10_000, 1, 1_000_000),
  BATCH_MAX: number(1_000, 1, 10_000),
  WRITE_LANES: number(2, 1, 16),
  READ_LANES: number(2, 1, 16),
});

/** Those of programs that are clients of a service. */
export const clientVariables = variables.pick({ LOMS_URL: true, LOMS_TOKEN: true });

/** The variables after each was validated by itself. */
export type Variables = z.output<typeof variables>;

function number(standard: number, min: number, max: number) {
  return wholeNumber(min, max).default(standard);
}

function wholeNumber(min: number, max: number) {
  return digits(`must be a whole number from ${min} to ${max}`, (value) => min <= value && value <= max);
}

/** 0, the default, switches something off. */
function zeroOr(min: number, max: number, standard = 0) {
  const isValid = (value: number) => value === 0 || (min <= value && value <= max);
  return digits(`must be 0, or a whole number from ${min} to ${max}`, isValid).default(standard);
}

/** A number in digits, of which there are no more than a number holds exactly. */
function digits(mistake: string, isValid: (value: number) => boolean) {
  return z
    .string()
    .regex(/^\d{1,15}$/, mistake)
    .transform(Number)
    .refine(isValid, mistake);
}

/** An address that operations can be appended to, and that may be shown to everybody. */
function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text) || holdsCredentials(text)) return false;
  const { protocol, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && search === '' && hash === '';
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
