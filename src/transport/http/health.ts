/** `/livez` and `/readyz`, for whoever restarts the process or sends requests to it. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { jsonResponse } from './errors.ts';
import { stringifyJson } from './json.ts';
import type { HttpAppOptions } from './options.ts';

const tags = ['health'];

const readiness = z
  .object({
    ready: z.boolean(),
    details: z.unknown().openapi({
      description:
        'For human readers; its form may change. Without credentials, where they are asked for elsewhere, it ' +
        'tells no more than whether writes are taken.',
    }),
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
  app.get(readyzRoute.path, async (c) => {
    const shown = await mayLook(c.req.raw.headers.get('authorization'), options);
    const { ready, details: all } = options.readiness();
    const details = shown ? all : { writable: all.writable };
    return jsonResponse(ready ? 200 : 503, stringifyJson({ ready, details }));
  });
}

/** The probes are open, but the names of our nodes are for callers whom we know. */
async function mayLook(authorization: string | null, { authenticate }: HttpAppOptions): Promise<boolean> {
  if (authenticate === undefined) return true;
  return authorization !== null && (await authenticate(authorization)).ok;
}
