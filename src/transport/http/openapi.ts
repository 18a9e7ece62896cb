/** The parts of the OpenAPI document that all operations share: error responses, their schema, its title. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { codes, ERROR_DOMAIN, reasons } from '../../domain/errors.ts';
import type { Scope } from '../../domain/operations.ts';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals, scopeMissing } from '../../domain/refusals.ts';
import { version } from '../../telemetry/version.ts';
import { TRACEPARENT } from '../traceparent.ts';
import { errorBody, headersOf, httpStatusOf, type RefusalHeader } from './errors.ts';
import { int64Reply, timeReply } from './fields.ts';
import { stringifyJson } from './json.ts';

type Responses = RouteConfig['responses'];

const detailType = (name: string) => z.literal(`type.googleapis.com/${name}`);

const errorInfo = z
  .object({
    '@type': detailType('google.rpc.ErrorInfo'),
    reason: z.enum(Object.keys(reasons)).openapi({
      description:
        'Stable: branch on it. Later versions may add reasons: treat one that you do not know by its code.',
    }),
    domain: z.literal(ERROR_DOMAIN),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('ErrorInfo');

const fieldViolation = z
  .object({
    field: z.string().openapi({ description: 'The JSON path; empty for the request as a whole.' }),
    description: z.string(),
  })
  .openapi('FieldViolation');

const badRequest = z
  .object({
    '@type': detailType('google.rpc.BadRequest'),
    fieldViolations: z.array(fieldViolation),
  })
  .openapi('BadRequest');

const shortage = z
  .object({
    sku: z.bigint().openapi({ type: 'integer', description: 'The stock keeping unit.' }),
    requested: z.bigint().openapi({
      type: 'integer',
      format: 'int32',
      description: 'How many pieces the order requests, summed over its lines with this sku.',
    }),
    available: int64Reply('How many pieces were available; 0 if the sku has no stock.', 0),
    availableAt: timeReply(
      'When as many pieces as requested would be available if no open order was payed, cancelled or ' +
        'extended. Missing if never, or if they lie behind the next 10,000 reservations to end.',
    ).optional(),
  })
  .openapi('Shortage');

const insufficientStock = z
  .object({
    '@type': detailType('loms.order.v1.InsufficientStock'),
    orderID: int64Reply(
      'The order: a new one is kept as failed, a late one stays cancelled. Missing with `validateOnly`.',
      2,
    ).optional(),
    shortages: z.array(shortage),
  })
  .openapi('InsufficientStock');

const skuOfDetail = z.bigint().openapi({ type: 'integer', description: 'The stock keeping unit.' });

const changedStock = z
  .object({
    sku: skuOfDetail,
    expected: int64Reply('The total that was expected.', 65_534),
    total: int64Reply('The total that it has.', 65_530),
  })
  .openapi('ChangedStock');

const stockChanged = z
  .object({ '@type': detailType('loms.stock.v1.StockChanged'), stocks: z.array(changedStock) })
  .openapi('StockChanged');

const heldStock = z
  .object({
    sku: skuOfDetail,
    reserved: int64Reply('The pieces that open orders hold.', 65_533),
    total: int64Reply('The total that it has, without the change.', 65_534),
  })
  .openapi('HeldStock');

const stockBelowReserved = z
  .object({ '@type': detailType('loms.stock.v1.StockBelowReserved'), stocks: z.array(heldStock) })
  .openapi('StockBelowReserved');

const lastCount = z
  .object({ sku: skuOfDetail, countedAt: timeReply('When it was counted last.') })
  .openapi('LastCount');

const countStale = z
  .object({ '@type': detailType('loms.stock.v1.CountStale'), stocks: z.array(lastCount) })
  .openapi('CountStale');

const retryInfo = z
  .object({
    '@type': detailType('google.rpc.RetryInfo'),
    retryDelay: z.string().openapi({ description: 'When a retry makes sense, in seconds.', example: '1s' }),
  })
  .openapi('RetryInfo');

const requestInfo = z
  .object({
    '@type': detailType('google.rpc.RequestInfo'),
    requestId: z.string().openapi({
      description:
        'The id of the request, as in the header `traceparent`: name it where you report an error.',
    }),
  })
  .openapi('RequestInfo');

const errorDetail = z
  .discriminatedUnion('@type', [
    errorInfo,
    badRequest,
    retryInfo,
    insufficientStock,
    stockChanged,
    stockBelowReserved,
    countStale,
    requestInfo,
  ])
  .openapi('ErrorDetail', { description: 'Later versions may add details: skip one that you do not know.' });

const status = z
  .object({
    code: z.literal(Object.values(codes)).openapi({
      type: 'integer',
      enum: Object.values(codes),
      description: 'The code of `google.rpc.Code`.',
    }),
    message: z.string(),
    details: z.array(errorDetail),
  })
  .openapi('Status', { description: 'The JSON form of `google.rpc.Status`: the body of every error.' });

const EXAMPLE_REQUEST_ID = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00';

/** The header of every response. */
const traceparent = {
  [TRACEPARENT]: {
    schema: { type: 'string' as const },
    description:
      'The id of the request (W3C Trace Context): the trace id that was sent, or a new one, and a span id.',
    example: EXAMPLE_REQUEST_ID,
  },
};

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
  409: 'The stock is not as the caller expects it.',
  410: 'What the token leads to is not there.',
  413: 'The body is too large.',
  415: 'The body is compressed.',
  429: 'Too much at once; nothing was done.',
  500: 'A fault in the service.',
  503: 'Not served; with `Retry-After`, nothing was done and trying again is safe.',
  504: 'The deadline passed; nothing was done.',
};

const refusalHeaders: Readonly<Record<RefusalHeader, object>> = {
  'retry-after': {
    'Retry-After': { schema: { type: 'integer' }, description: 'Seconds until a retry makes sense.' },
  },
  'www-authenticate': {
    'WWW-Authenticate': {
      schema: { type: 'string' },
      description: 'What is wrong with the credentials (RFC 6750).',
    },
  },
  'accept-encoding': {
    'Accept-Encoding': { schema: { type: 'string', enum: ['identity'] }, description: 'How to send a body.' },
  },
};

const idempotencyReplayed = {
  'Idempotency-Replayed': {
    schema: { type: 'string' as const, enum: ['true'] },
    description: 'There when this is the answer to an earlier request with the same `Idempotency-Key`.',
  },
};

/** The body of a request. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, example: unknown) {
  return { required: true, content: { 'application/json': { schema, example } } };
}

export interface Reply {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly example: unknown;
  /** Without it JSON. */
  readonly mediaType?: string;
  /** Whether reply and refusals for the state of things may be replays under an idempotency key. */
  readonly replays?: boolean;
  /** What can be called next with values of the reply. */
  readonly links?: Readonly<Record<string, object>>;
}

/** Refusals of requests that no operation reads, such as a head that is too large. */
const anyOther = {
  description: 'Any other refusal.',
  content: { 'application/json': { schema: status } },
  headers: traceparent,
};

/** The responses of an operation: its reply, and its refusals by HTTP status, each refusal as an example. */
export function responses(reply: Reply, refusals: readonly Refusal[]): Responses {
  const { schema, description, example, mediaType = 'application/json', replays, links } = reply;
  const headers = replays ? { ...traceparent, ...idempotencyReplayed } : traceparent;
  const content = { [mediaType]: { schema, example } };
  const all = { 200: { description, content, headers, ...(links && { links }) }, default: anyOther };
  // Of the refusals those for the state of orders and stock are replayed.
  return addRefusals(all, [...refusals, ...always], { 400: headers, 409: headers });
}

/** The same responses with these refusals among them, and with these headers by their status. */
function addRefusals(
  responses: Responses,
  refusals: readonly Refusal[],
  headers: Readonly<Record<number, object>> = {},
): Responses {
  const all = { ...responses };
  for (const refusal of refusals) {
    const httpStatus = httpStatusOf(refusal);
    const before = all[httpStatus] as ErrorContent | undefined;
    const example = { [refusal.reason]: { value: errorBody(refusal, EXAMPLE_REQUEST_ID) } };
    const examples = { ...before?.content['application/json'].examples, ...example };
    all[httpStatus] = {
      description: statusDescriptions[httpStatus] ?? 'Refused.',
      content: { 'application/json': { schema: status, examples } },
      headers: Object.assign(
        {},
        before?.headers ?? headers[httpStatus] ?? traceparent,
        ...(Object.keys(headersOf(refusal)) as RefusalHeader[]).map((name) => refusalHeaders[name]),
      ),
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

/** The identifier is of OpenAPI 3.1 and missing in the library's types. */
const license = { name: 'Apache License 2.0', identifier: 'Apache-2.0' };

/** The OpenAPI document of all operations that were added to the app, without the server's address. */
export function openApiDocument(app: OpenAPIHono) {
  const { webhooks: _none, ...document } = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'loms',
      version,
      description:
        'Logistics and Order Management System: stock reservation and the life of an order. ' +
        '64-bit integers of replies are JSON numbers, digit for digit, also above 2^53. ' +
        'The same operations are served over gRPC, with the same errors.',
      contact: { name: 'The maintainers of loms' },
      license,
    },
    // Operations that need a token state it themselves.
    security: [],
    tags: [
      { name: 'order', description: 'Create, read, pay and cancel orders' },
      { name: 'stock', description: 'What can be ordered, and changes of it' },
      { name: 'event', description: 'What happened to orders and stock' },
      { name: 'health', description: 'Probes' },
    ],
  });
  return document;
}

/**
 * Prints the OpenAPI document.
 *
 * @param app all of its operations are added.
 * @returns a function of the server's address, which the document names.
 */
export function openApiPrinter(app: OpenAPIHono): (serverUrl: string) => string {
  // Printing everything takes milliseconds, so only the address is printed for each request.
  const members = stringifyJson(openApiDocument(app)).slice(1);
  return (serverUrl) => `{"servers":[{"url":${JSON.stringify(serverUrl)}}],${members}`;
}
