/** The one way of a REST request: read and check it, run the use case, print its value or its refusal. */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type OperationName, scopeOf } from '../../domain/access.ts';
import type { Outcome } from '../../domain/errors.ts';
import type { Call } from '../../domain/loms.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import { callHeaders, readCall } from './call.ts';
import { errorResponse, jsonResponse } from './errors.ts';
import { secured } from './openapi.ts';
import type { HttpAppOptions } from './options.ts';
import type { Reader } from './request.ts';

/** An operation's entry in the OpenAPI document, under the name that the table of scopes knows it by. */
export type OperationRoute = RouteConfig & { readonly operationId: OperationName };

export interface Operation<Request, Value> {
  /** It names method and path too. */
  readonly route: OperationRoute;
  readonly read: Reader<Request>;
  readonly run: (request: Request, call: Call) => Promise<Outcome<Value>>;
  /** Prints the value as JSON text. */
  readonly print: (value: Value) => string;
}

/** Marks the answer to a request that was not run, because one with its idempotency key was run before. */
const replayHeaders = { 'idempotency-replayed': 'true' };

/**
 * Adds an operation to the routes and to the OpenAPI document.
 *
 * It is one handler without middleware: Hono then calls it directly, which every request gains from. For the
 * same reason it does not use zod-openapi's own validators, which besides would round 64-bit integers.
 */
export function addOperation<Request, Value>(
  app: OpenAPIHono,
  options: HttpAppOptions,
  operation: Operation<Request, Value>,
): void {
  const { route, read, run, print } = operation;
  const { logger, now, authenticate } = options;
  const deadlines = new Deadlines(now);
  const answer = async (c: Context): Promise<Outcome<Value>> => {
    const reading = readCall(c, options, route.operationId, deadlines);
    const call = reading instanceof Promise ? await reading : reading;
    if (!call.ok) return call;
    const request = await read(c, call.value.deadlineMs, deadlines);
    return request.ok ? run(request.value, call.value) : request;
  };
  const headers = [callHeaders, route.request?.headers ?? []].flat();
  const documented = { ...route, request: { ...route.request, headers } };
  app.openAPIRegistry.registerPath(
    authenticate ? secured(documented, scopeOf[route.operationId]) : documented,
  );
  app.on(route.method, routingPath(route.path), async (c) => {
    const startMs = now();
    const outcome = await answer(c);
    if (logger.isLevelEnabled('debug')) {
      const reason = outcome.ok ? 'OK' : outcome.refusal.reason;
      logger.debug({ operation: route.operationId, reason, ms: now() - startMs }, 'http request');
    }
    const headers = outcome.replayed ? replayHeaders : undefined;
    return outcome.ok
      ? jsonResponse(200, print(outcome.value), headers)
      : errorResponse(outcome.refusal, headers);
  });
}

/** Hono writes `:sku` where OpenAPI writes `{sku}`. */
function routingPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
