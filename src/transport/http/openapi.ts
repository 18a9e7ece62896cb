/** The parts of the OpenAPI document that all operations share: error responses, their schema, its title. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { codes, ERROR_DOMAIN, reasons } from '../../domain/errors.ts';
import type { Scope } from '../../domain/operations.ts';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals, scopeMissing } from '../../domain/refusals.ts';
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
  fixedRefusals.queueFull,
  fixedRefusals.deadlineExceeded,
  fixedRefusals.databaseUnavailable,
  fixedRefusals.shuttingDown,
  fixedRefusals.internal,
];

const statusDescriptions: Record<number, string> = {
  400: 'The request is not valid, or the state of order or stock does not allow it.',
  401: 'The caller is not known.',
  403: 'The caller is known and may not do this.',
  404: 'There is no such thing.',
  413: 'The body is too large.',
  415: 'The body is compressed.',
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
  const all = { 200: { description, content: { 'application/json': { schema, example } }, headers } };
  return addRefusals(all, [...refusals, ...always], { 400: headers });
}

/** The same responses with these refusals among them, and with these headers by their status. */
function addRefusals(
  responses: Responses,
  refusals: readonly Refusal[],
  headers: Readonly<Record<number, object>> = {},
): Responses {
  const all = { ...responses };
  for (const refusal of refusals) {
    const status = httpStatusOf(refusal);
    const before = all[status] as ErrorContent | undefined;
    const example = { [refusal.reason]: { summary: refusal.message, value: errorBody(refusal) } };
    const examples = { ...before?.content['application/json'].examples, ...example };
    all[status] = {
      description: statusDescriptions[status] ?? 'Refused.',
      content: { 'application/json': { schema: error, examples } },
      headers: {
        ...(before?.headers ?? headers[status]),
        ...('retry-after' in headersOf(refusal) ? retryAfter : {}),
      },
    };
  }
  return all;
}

interface ErrorContent {
  readonly content: { 'application/json': { schema: z.ZodType; examples: Record<string, object> } };
  readonly headers?: object;
}

/** The name of the one way to show who calls. */
const BEARER = 'bearer';

/** An operation's entry where tokens are required: with its scope, and the refusals of credentials. */
export function secured<Route extends RouteConfig>(route: Route, scope: Scope): Route {
  const { credentialsMissing, credentialsInvalid, keysUnavailable } = fixedRefusals;
  const refusals = [credentialsMissing, credentialsInvalid, scopeMissing(scope), keysUnavailable];
  return {
    ...route,
    security: [{ [BEARER]: [scope] }],
    responses: addRefusals(route.responses, refusals),
  };
}

/** Describes how callers authenticate: for the document, and through it for the page's Authorize button. */
export function addBearerScheme(app: OpenAPIHono): void {
  app.openAPIRegistry.registerComponent('securitySchemes', BEARER, {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
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
      { name: 'health', description: 'Probes' },
    ],
  });
  return stringifyJson(document);
}
