/**
 * The OpenAPI document and Swagger UI on top of it.
 *
 * Every file of the page comes from this server, so that it works in a closed network. Each has a route of
 * its own: there is no path from a request to the file system.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import swaggerUiFolder from 'swagger-ui-dist/absolute-path.js';
import { initializer, page } from './docs-page.ts';
import { openApiText } from './openapi.ts';

/** Nothing but this server may be loaded from or spoken to. Swagger UI's icons are `data:` images. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const javascript = 'text/javascript; charset=utf-8';

type FileContent = string | Uint8Array<ArrayBuffer>;

/** Adds `/openapi.json`, `/docs` with its files, and the way there from `/`. */
export function addDocs(app: OpenAPIHono): void {
  // The document is printed when it is first asked for, since by then all operations have been added.
  let document: ((c: Context) => Response) | undefined;
  app.get('/openapi.json', (c) => {
    document ??= file(openApiText(app), 'application/json');
    return document(c);
  });

  app.get('/', (c) => c.redirect('/docs'));
  app.get('/docs/', (c) => c.redirect('/docs'));
  app.get('/docs', file(page, 'text/html; charset=utf-8'));
  app.get('/docs/swagger-initializer.js', file(initializer, javascript));
  app.get('/docs/swagger-ui-bundle.js', file(distributed('swagger-ui-bundle.js'), javascript));
  app.get('/docs/swagger-ui.css', file(distributed('swagger-ui.css'), 'text/css; charset=utf-8'));
  app.get('/docs/favicon-32x32.png', file(distributed('favicon-32x32.png'), 'image/png'));
}

function distributed(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(swaggerUiFolder(), name)));
}

/**
 * The handler that serves one file out of memory. Browsers keep it but ask each time whether it is still the
 * same, so an update shows at once.
 */
function file(content: FileContent, contentType: string): (c: Context) => Response {
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 16)}"`;
  const headers = {
    etag,
    'cache-control': 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return (c) => {
    if (c.req.raw.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
    return new Response(content, { headers: { ...headers, 'content-type': contentType } });
  };
}
