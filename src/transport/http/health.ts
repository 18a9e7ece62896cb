/** The probes `/livez` and `/readyz`, for process managers and load balancers. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Authenticate } from '../../domain/access.ts';
import { openDetails, type Readiness } from '../readiness.ts';
import { jsonResponse } from './errors.ts';
import { stringifyJson } from './json.ts';

const tags = ['health'];

const readiness = z
  .object({
    ready: z.boolean(),
    details: z.unknown().openapi({
      description:
        'For human readers; its form may change. Where credentials are required, callers without any see ' +
        "only whether writes are accepted, and whether the issuer's keys can be read.",
    }),
  })
  .openapi('Readiness');

const liveness = z.object({ alive: z.literal(true) }).openapi('Liveness');

const readinessContent = (ready: boolean) => ({
  'application/json': { schema: readiness, example: { ready, details: { writable: ready } } },
});

const livezRoute = {
  method: 'get',
  path: '/livez',
  operationId: 'livez',
  tags,
  summary: 'Whether the process responds',
  description: 'For process managers: restart a process that does not respond. Needs no credentials.',
  security: [],
  responses: {
    200: {
      description: 'The process responds, whatever its database does.',
      content: { 'application/json': { schema: liveness, example: { alive: true } } },
    },
  },
} satisfies RouteConfig;

const readyzRoute = {
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  tags,
  summary: 'Whether requests are served',
  description: 'For load balancers: send requests only to an instance that is ready. Needs no credentials.',
  security: [],
  responses: {
    200: { description: 'Send requests.', content: readinessContent(true) },
    503: { description: 'Send none now.', content: readinessContent(false) },
  },
} satisfies RouteConfig;

export interface HealthOptions {
  readonly readiness: () => Readiness;
  readonly authenticate?: Authenticate | undefined;
}

/** Adds both probes. They do not touch the database: they show the state that is known already. */
export function addHealthRoutes(app: OpenAPIHono, options: HealthOptions): void {
  app.openAPIRegistry.registerPath(livezRoute);
  app.get(livezRoute.path, () => jsonResponse(200, '{"alive":true}'));

  app.openAPIRegistry.registerPath(readyzRoute);
  app.get(readyzRoute.path, async (c) => {
    const shown = await canSeeDetails(c.req.raw.headers.get('authorization'), options);
    const { ready, details: all } = options.readiness();
    const details = shown ? all : openDetails(all);
    return jsonResponse(ready ? 200 : 503, stringifyJson({ ready, details }));
  });
}

/** The probes are open, but the names of our nodes are for known callers only. */
async function canSeeDetails(
  authorization: string | null,
  { authenticate }: HealthOptions,
): Promise<boolean> {
  if (authenticate === undefined) return true;
  return authorization !== null && (await authenticate(authorization)).ok;
}
