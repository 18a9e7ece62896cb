/** Routes: how an operation gets into the app and its OpenAPI document, and how its outcome is rendered. */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type OperationName, type ServedName, served } from '../../domain/operations.ts';
import { type AnyHandler, type Handler, perform, type Served, type TransportContext } from '../operation.ts';
import { RequestRecord } from '../record.ts';
import { TRACEPARENT, traceOf } from '../traceparent.ts';
import { errorResponse, httpStatusOf, jsonHeadersOf, jsonResponse } from './errors.ts';
import { secured } from './openapi.ts';
import { readCall } from './request.ts';

export interface Documented {
  /** Method, path and the entry in the OpenAPI document; its id is the operation's name. */
  readonly document: Omit<RouteConfig, 'operationId'>;
}

/** A route in the table of routes. */
export type Route = AnyHandler<Context, string> & Documented;

/** Defines a route. */
export function route<Request, Value>(each: Handler<Context, Request, Value, string> & Documented): Route {
  return each;
}

/** The header that every operation takes, for the OpenAPI document. */
const requestTimeoutHeader = z
  .string()
  .optional()
  .openapi({
    param: { name: 'Request-Timeout', in: 'header', example: 5 },
    type: 'number',
    exclusiveMinimum: 0,
    description:
      'Seconds that the client waits, such as 5 or 0.5; the service may set a lower limit. The reply comes ' +
      'by then, whatever becomes of the request.',
  });

/** Marks the reply to a request that did not run, because one with its idempotency key ran before. */
const replayHeaders = { 'idempotency-replayed': 'true' };

/**
 * Adds an operation to the app and to its OpenAPI document.
 *
 * It is one handler without middleware: Hono then calls it directly, which every request gains from. For the
 * same reason it does not use zod-openapi's own validators, which besides would round 64-bit integers.
 */
export function addOperation(
  app: OpenAPIHono,
  context: TransportContext,
  name: OperationName,
  { document, ...handler }: Route,
): void {
  describe(app, context, name, document);
  const served = servedAs(context, name, document);
  app.on(document.method, routingPath(document.path), async (c) => {
    const trace = traceOf(c.req.header(TRACEPARENT), context.tracer?.sample);
    const outcome = await perform(context, served, handler, trace, () => readCall(c, context), c);
    const replay = outcome.replayed ? replayHeaders : undefined;
    if (!outcome.ok) return errorResponse(outcome.refusal, trace.requestId, replay);
    const headers = jsonHeadersOf(trace.requestId);
    return jsonResponse(200, outcome.value, replay ? Object.assign(headers, replay) : headers);
  });
}

/** What is served by a route, recorded by OpenTelemetry's conventions for HTTP. */
export function servedAs(
  { metrics }: TransportContext,
  name: ServedName,
  { method, path }: Documented['document'],
): Served {
  const transport = 'REST';
  const record = new RequestRecord({
    metrics,
    transport,
    operation: name,
    durations: metrics.histogram('http_server_request_duration_seconds'),
    statusOf: (refusal) => String(refusal === undefined ? 200 : httpStatusOf(refusal)),
    attributesOf: (status) => ({
      'http.request.method': method.toUpperCase(),
      'http.route': path,
      'http.response.status_code': Number(status),
    }),
  });
  return { name, transport, record };
}

/** Adds what is served under a name to the OpenAPI document. */
export function describe(
  app: OpenAPIHono,
  { authenticate }: TransportContext,
  name: ServedName,
  document: Documented['document'],
): void {
  const headers = [requestTimeoutHeader, document.request?.headers ?? []].flat();
  const described = { ...document, operationId: name, request: { ...document.request, headers } };
  app.openAPIRegistry.registerPath(authenticate ? secured(described, served[name].scope) : described);
}

/** Hono writes `:sku` where OpenAPI writes `{sku}`. */
function routingPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
