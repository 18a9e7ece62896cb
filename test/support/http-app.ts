/** The REST app on Loms in memory, and the requests that its tests send. */
import { Readable } from 'node:stream';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { pino } from 'pino';
import type { Loms } from '../../src/domain/operations.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { Clock } from '../../src/timing/clock.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { createHttpApp, type HttpAppOptions } from '../../src/transport/http/routes.ts';
import { MemoryLoms } from './memory-loms.ts';
import { quietRequests } from './quiet.ts';

export const silent = pino({ level: 'silent' });

/** The time of these tests' clock, which does not move. */
export const NOW_MS = 1_000_000;

export const REQUEST_TIMEOUT_MS = 3_000;

export interface TestAppOptions extends Omit<Partial<HttpAppOptions>, 'loms'> {
  readonly loms?: Partial<Loms>;
  /** The clock of its deadlines. */
  readonly now?: Clock;
}

export function testApp({
  now = () => NOW_MS,
  loms = new MemoryLoms(),
  ...options
}: TestAppOptions = {}): OpenAPIHono {
  return createHttpApp({
    loms: loms as Loms,
    logger: silent,
    deadlines: new Deadlines(now),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    metrics: new Metrics(),
    requestLog: quietRequests,
    readiness: () => ({ ready: true, details: {} }),
    audit: { state: { running: false, last: undefined }, start() {} },
    ...options,
  });
}

/** An answer with its body as text, because parsing could round numbers. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request's body, as the HTTP server passes it to the app. */
export function incoming(body: string | Uint8Array) {
  return { incoming: Readable.from([Buffer.from(body)]) };
}

/** Sends a body as JSON, byte for byte. */
export async function post(
  app: OpenAPIHono,
  path: string,
  body: string | Uint8Array,
  headers: NonNullable<RequestInit['headers']> = { 'content-type': 'application/json' },
): Promise<Answer> {
  return read(app.request(path, { method: 'POST', headers }, incoming(body)));
}

export async function get(app: OpenAPIHono, path: string): Promise<Answer> {
  return read(app.request(path));
}

async function read(pending: Response | Promise<Response>): Promise<Answer> {
  const response = await pending;
  return { status: response.status, text: await response.text() };
}

/** The field paths of an INVALID_REQUEST; any other answer fails the test. */
export function violations({ status, text }: Answer): string[] {
  const body = JSON.parse(text);
  if (status !== 400 || body.code !== 3) throw new Error(`not an INVALID_REQUEST: ${status} ${text}`);
  return body.details[1].fieldViolations.map((violation: { field: string }) => violation.field);
}
