/** What REST replies have, compared with their description in the OpenAPI document. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

type Operation = { readonly responses: Record<string, { readonly headers?: object }> };

const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
  readFileSync('docs/openapi.json', 'utf8'),
);

/** The headers of every JSON reply, and those of HTTP itself. */
const common = new Set([
  ...['content-type', 'cache-control', 'x-content-type-options', 'cross-origin-resource-policy'],
  ...['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'],
]);

/** The headers of a reply that the document does not name for its operation and status. */
export function undocumentedHeaders(
  method: string,
  target: string,
  status: number,
  names: Iterable<string>,
): string[] {
  const [path = ''] = target.split('?');
  const isOf = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const template = Object.keys(paths).find(isOf) ?? '';
  const responses = paths[template]?.[method.toLowerCase()]?.responses;
  if (responses === undefined) return [...names];
  const { headers = {} } = responses[status] ?? responses.default ?? {};
  const documented = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return [...names].filter((name) => !common.has(name) && !documented.has(name));
}

const REPLIES = 'http.client.response.finish';

/** Checks the headers of all REST replies to the tests of a file. */
export function useDocumentedReplies(): void {
  let replies = 0;
  const undocumented: string[] = [];
  const check = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const { method, path } = request;
    const { statusCode = 0, headers } = response;
    replies++;
    for (const name of undocumentedHeaders(method, path, statusCode, Object.keys(headers)))
      undocumented.push(`${name} of ${statusCode} to ${method} ${path}`);
  };
  beforeAll(() => subscribe(REPLIES, check));
  afterEach(() => expect(undocumented.splice(0)).toEqual([]));
  afterAll(() => {
    unsubscribe(REPLIES, check);
    expect(replies).toBeGreaterThan(0);
  });
}
