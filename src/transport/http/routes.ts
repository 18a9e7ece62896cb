/** The REST app: every route, and the replies where there is none. It listens nowhere. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { type OperationName, operations } from '../../domain/operations.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { TransportContext } from '../operation.ts';
import { requestIdOf, TRACEPARENT, traceOf } from '../traceparent.ts';
import { type AuditRouteOptions, addAuditRoutes } from './audit.ts';
import { addConsole, type ConsoleOptions } from './console.ts';
import { addDocs } from './docs.ts';
import { errorResponse } from './errors.ts';
import { addEventStream } from './event-stream.ts';
import { feedRoutes } from './feed.ts';
import { addHealthRoutes, type HealthOptions } from './health.ts';
import { addBearerScheme } from './openapi.ts';
import { orderRoutes } from './order.ts';
import { addOperation, type Route } from './route.ts';
import { stockRoutes } from './stock.ts';
import { stockChangeRoutes } from './stock-adjustments.ts';
import { stockHistoryRoutes } from './stock-history.ts';

export interface HttpAppOptions extends TransportContext, HealthOptions, AuditRouteOptions {
  /** False leaves out the OpenAPI document and its page. */
  readonly docs?: boolean;
  /** The address of REST in the OpenAPI document; without it the one that the document is requested from. */
  readonly publicUrl?: string | undefined;
  /** Without it there is no console. */
  readonly console?: ConsoleOptions | undefined;
}

/** Builds the app. */
export function createHttpApp(options: HttpAppOptions): OpenAPIHono {
  const { loms, logger } = options;
  const app = new OpenAPIHono();
  if (options.authenticate) addBearerScheme(app);
  const routes: Record<OperationName, Route> = {
    ...orderRoutes(loms),
    ...stockRoutes(loms),
    ...stockChangeRoutes(loms),
    ...stockHistoryRoutes(loms),
    ...feedRoutes(loms),
  };
  for (const name of Object.keys(operations) as OperationName[])
    addOperation(app, options, name, routes[name]);
  addEventStream(app, options);
  addAuditRoutes(app, options);
  addHealthRoutes(app, options);
  if (options.docs !== false) addDocs(app, options.publicUrl);
  if (options.console) addConsole(app, options.console, options);
  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path);
    const requestId = requestIdOf(c.req.header(TRACEPARENT));
    if (allowed.length === 0) return errorResponse(fixedRefusals.pathNotFound, requestId);
    return errorResponse(fixedRefusals.methodNotAllowed, requestId, { allow: allowed.join(', ') });
  });
  app.onError((error, c) => {
    const { requestId, traceId } = traceOf(c.req.header(TRACEPARENT));
    logger.error({ err: error, traceId, method: c.req.method, path: c.req.path }, 'http request failed');
    return errorResponse(fixedRefusals.internal, requestId);
  });
  return app;
}

/** The methods of the routes that a path has. */
function allowedMethods(app: OpenAPIHono, path: string): string[] {
  const methods = [...new Set(app.routes.map(({ method }) => method))];
  const allowed = methods.filter((method) => app.router.match(method, path)[0].length > 0);
  return allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}
