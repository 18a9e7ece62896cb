/**
 * The audit of stock over REST, for operators: starts one in this instance, and shows what the last one
 * found. It is no operation of the domain: see docs/decisions/stock-audit.md.
 */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type Authenticate, admitTo } from '../../domain/access.ts';
import type { AuditState } from '../../domain/stock/audit.ts';
import { findingKinds } from '../../domain/stock/findings.ts';
import { requestIdOf, TRACEPARENT } from '../traceparent.ts';
import { errorResponse, jsonHeadersOf, jsonResponse } from './errors.ts';
import { int64Reply } from './fields.ts';
import { stringifyJson } from './json.ts';
import { responses, secured } from './openapi.ts';

export interface AuditRouteOptions {
  /** The audits of this instance. */
  readonly audit: { readonly state: AuditState; start(): void };
  readonly authenticate?: Authenticate | undefined;
}

const SCOPE = 'stock:read';

const PATH = '/stock/audit';

const count = (description: string, example: number) =>
  z.bigint().optional().openapi({ type: 'integer', description, example });

const finding = z
  .object({
    finding: z.enum(findingKinds),
    sku: z.bigint().openapi({ type: 'integer' }),
    version: int64Reply('The movement.', 7).optional(),
    orderID: int64Reply('The order of a line without an order.', 1).optional(),
    detail: z.string().openapi({ description: 'What differs, for human readers.' }),
  })
  .openapi('StockFinding');

const auditReply = z
  .object({
    running: z.boolean().openapi({ description: 'Whether an audit runs in this instance.' }),
    last: z
      .object({
        outcome: z.enum(['done', 'failed']).openapi({ description: 'The log has the cause of a failure.' }),
        ageMs: z
          .bigint()
          .openapi({ type: 'integer', description: 'How long ago it ended.', example: 60_000 }),
        durationMs: z.bigint().openapi({ type: 'integer', description: 'How long it took.', example: 900 }),
        skus: count('The skus that were audited.', 16),
        unsettledSkus: count('Those whose reserved pieces changed too fast to be compared exactly.', 0),
        movements: count('The movements that were checked.', 20),
        lines: count('The order lines that were checked.', 5),
        findingCount: count('How many faults were found.', 0),
        findings: z.array(finding).optional().openapi({ description: 'The first 1,000 of them.' }),
      })
      .optional()
      .openapi({ description: 'The audit that ended last; missing before the first one has ended.' }),
  })
  .openapi('StockAudit');

const counts = { skus: 16, unsettledSkus: 0, movements: 20, lines: 5, findingCount: 0 };

const document = {
  path: PATH,
  tags: ['stock'],
  responses: responses(
    {
      schema: auditReply,
      description: 'The state of the audits of this instance.',
      example: {
        running: false,
        last: { outcome: 'done', ageMs: 60_000, durationMs: 900, ...counts, findings: [] },
      },
    },
    [],
  ),
};

const startDocument = {
  ...document,
  method: 'post',
  operationId: 'startStockAudit',
  summary: 'Start an audit of the stock',
  description:
    'For operators. Starts to compare the counters of all stock with its movements and with open orders, ' +
    'in the background of the instance that gets the request. If one runs already, it starts nothing.',
} satisfies RouteConfig;

const stateDocument = {
  ...document,
  method: 'get',
  operationId: 'getStockAudit',
  summary: 'Show what the last audit of the stock found',
  description: 'For operators. Each instance shows its own audits, and none since before its start.',
} satisfies RouteConfig;

/** Adds both routes. */
export function addAuditRoutes(app: OpenAPIHono, { audit, authenticate }: AuditRouteOptions): void {
  for (const route of [startDocument, stateDocument]) {
    app.openAPIRegistry.registerPath(authenticate ? secured(route, SCOPE) : route);
    app.on(route.method, PATH, async (c) => {
      const caller = authenticate && (await admitCaller(c, authenticate));
      const requestId = requestIdOf(c.req.header(TRACEPARENT));
      if (caller?.ok === false) return errorResponse(caller.refusal, requestId);
      if (route === startDocument) audit.start();
      return jsonResponse(200, printState(audit.state), jsonHeadersOf(requestId));
    });
  }
}

async function admitCaller(c: Context, authenticate: Authenticate) {
  return admitTo(await authenticate(c.req.header('authorization')), SCOPE);
}

function printState({ running, last }: AuditState): string {
  if (last === undefined) return stringifyJson({ running });
  const { report, ageMs, durationMs } = last;
  const times = { ageMs: Math.round(ageMs), durationMs: Math.round(durationMs) };
  if (report === undefined) return stringifyJson({ running, last: { outcome: 'failed', ...times } });
  const { findings, ...reported } = report;
  const printed = findings.map(({ orderId: orderID, ...each }) => ({ ...each, orderID }));
  return stringifyJson({ running, last: { outcome: 'done', ...times, ...reported, findings: printed } });
}
