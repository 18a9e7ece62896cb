/** `/livez` and `/readyz`, for whoever restarts the process or sends requests to it. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { jsonResponse } from './errors.ts';
import { stringifyJson } from './json.ts';
import type { HttpAppOptions } from './options.ts';

const tags = ['health'];

const readiness = z
  .object({
    ready: z.boolean(),
    details: z.unknown().openapi({ description: 'For human readers; its form may change.' }),
  })
  .openapi('Readiness');

const livezRoute = {
  method: 'get',
  path: '/livez',
  operationId: 'livez',
  tags,
  summary: 'Tell that the process answers',
  responses: {
    200: {
      description: 'The process answers, whatever its database does.',
      content: { 'application/json': { schema: z.object({ alive: z.literal(true) }).openapi('Liveness') } },
    },
  },
} satisfies RouteConfig;

const readyzRoute = {
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  tags,
  summary: 'Tell whether requests are served',
  responses: {
    200: { description: 'Send requests.', content: { 'application/json': { schema: readiness } } },
    503: { description: 'Send none now.', content: { 'application/json': { schema: readiness } } },
  },
} satisfies RouteConfig;

/** Adds both probes. They do not touch the database: they tell what is known already. */
export function addHealthRoutes(app: OpenAPIHono, options: HttpAppOptions): void {
  app.openAPIRegistry.registerPath(livezRoute);
  app.get(livezRoute.path, () => jsonResponse(200, '{"alive":true}'));

  app.openAPIRegistry.registerPath(readyzRoute);
  app.get(readyzRoute.path, () => {
    const { ready, details } = options.readiness();
    return jsonResponse(ready ? 200 : 503, stringifyJson({ ready, details }));
  });
}
