/** The parts of the OpenAPI document that all operations share: error responses, their schema, its title. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { codes, ERROR_DOMAIN, type Refusal, reasons, standing } from '../domain/errors.ts';
import { errorBody, headersOf, httpStatusOf } from './errors.ts';
import { stringifyJson } from './json.ts';

type Responses = RouteConfig['responses'];

const detailType = (name: string) => z.literal(`type.googleapis.com/${name}`);

const errorInfo = z
  .object({
    '@type': detailType('google.rpc.ErrorInfo'),
    reason: z.enum(Object.keys(reasons)).openapi({ description: 'Stable: branch on it.' }),
    domain: z.literal(ERROR_DOMAIN),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('ErrorInfo');

const badRequest = z
  .object({
    '@type': detailType('google.rpc.BadRequest'),
    fieldViolations: z.array(
      z.object({
        field: z.string().openapi({ description: 'The JSON path; empty for the request as a whole.' }),
        description: z.string(),
      }),
    ),
  })
  .openapi('BadRequest');

const int64 = z.bigint().openapi({ type: 'integer', format: 'int64' });

const insufficientStock = z
  .object({
    '@type': detailType('loms.order.v1.InsufficientStock'),
    orderID: int64.openapi({ description: 'The order, which is kept as failed.' }),
    shortages: z.array(z.object({ sku: int64, requested: int64, available: int64 })),
  })
  .openapi('InsufficientStock');

const retryInfo = z
  .object({
    '@type': detailType('google.rpc.RetryInfo'),
    retryDelay: z.string().openapi({ description: 'When a retry makes sense, in seconds.', example: '1s' }),
  })
  .openapi('RetryInfo');

const error = z
  .object({
    code: z.literal(Object.values(codes)).openapi({
      type: 'integer',
      enum: Object.values(codes),
      description: 'The code of `google.rpc.Code`.',
    }),
    message: z.string(),
    details: z.array(z.union([errorInfo, badRequest, retryInfo, insufficientStock])),
  })
  .openapi('Error', { description: 'The JSON form of `google.rpc.Status`: the body of every error.' });

/** What every operation can answer, whatever it does. */
const always: readonly Refusal[] = [
  standing.queueFull,
  standing.deadlineExceeded,
  standing.databaseUnavailable,
  standing.shuttingDown,
  standing.internal,
];

const statusDescriptions: Record<number, string> = {
  400: 'The request is not valid, or the state of order or stock does not allow it.',
  404: 'There is no such thing.',
  413: 'The body is too large.',
  429: 'Too much at once; nothing was done.',
  500: 'A fault in the service.',
  503: 'Not served; with `Retry-After`, nothing was done and trying again is safe.',
  504: 'The deadline passed; nothing was done.',
};

const retryAfter = {
  'Retry-After': { schema: { type: 'integer' as const }, description: 'Seconds until a retry makes sense.' },
};

const idempotencyReplayed = {
  'Idempotency-Replayed': {
    schema: { type: 'string' as const, enum: ['true'] },
    description: 'There when this is the answer to an earlier request with the same `Idempotency-Key`.',
  },
};

export interface Reply {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly example: unknown;
  /** Whether reply and refusals for the state of things may be replays under an idempotency key. */
  readonly replays?: boolean;
}

/** The responses of an operation: its reply, and its refusals by HTTP status, each refusal as an example. */
export function responses(reply: Reply, refusals: readonly Refusal[]): Responses {
  const { schema, description, example, replays } = reply;
  const headers = replays ? idempotencyReplayed : {};
  const all: Responses = {
    200: { description, content: { 'application/json': { schema, example } }, headers },
  };
  const byStatus = new Map<number, Refusal[]>();
  for (const refusal of [...refusals, ...always]) {
    const status = httpStatusOf(refusal);
    byStatus.set(status, [...(byStatus.get(status) ?? []), refusal]);
  }
  for (const [status, group] of [...byStatus].sort(([a], [b]) => a - b)) {
    const examples = Object.fromEntries(
      group.map((refusal) => [refusal.reason, { summary: refusal.message, value: errorBody(refusal) }]),
    );
    all[status] = {
      description: statusDescriptions[status] ?? 'Refused.',
      content: { 'application/json': { schema: error, examples } },
      headers: {
        ...(replays && status === 400 ? idempotencyReplayed : {}),
        ...(group.some((refusal) => 'retry-after' in headersOf(refusal)) ? retryAfter : {}),
      },
    };
  }
  return all;
}

/** Prints the OpenAPI document of all operations that were added to the app. */
export function openApiText(app: OpenAPIHono): string {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'loms',
      version: '1.0.0',
      description:
        'Logistics and Order Management System: stock reservation and the life of an order. ' +
        '64-bit integers are JSON numbers, digit for digit, also above 2^53. ' +
        'The same operations are served over gRPC, with the same errors.',
    },
    tags: [
      { name: 'order', description: 'Create, read, pay and cancel orders' },
      { name: 'stock', description: 'What can be ordered' },
      { name: 'health', description: 'For whoever watches over the service' },
    ],
  });
  return stringifyJson(document);
}
