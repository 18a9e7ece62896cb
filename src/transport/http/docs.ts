/**
 * The OpenAPI document and Swagger UI on top of it, and the AsyncAPI document.
 *
 * Every file of the page comes from this server, so that it works in a closed network. Its icons are `data:`
 * images.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SwaggerUI } from '@hono/swagger-ui';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import swaggerUiFolder from 'swagger-ui-dist/absolute-path.js';
import { asyncApiPrinter } from './asyncapi.ts';
import { openApiPrinter } from './openapi.ts';
import { type FileContent, pagePolicy, staticFile } from './static-file.ts';

/**
 * A plugin of Swagger UI, as source for the browser. Swagger UI parses replies with `JSON.parse`, which
 * rounds integers above 2^53 and so would show ids that do not exist. The plugin shows the digits that were
 * sent, where the browser has `JSON.rawJSON` (Chromium since 114, Firefox since 135, Safari since 18.4).
 */
const exactNumbers = `({ React }) => {
  const keepDigits = (key, value, context) =>
    typeof value === 'number' && JSON.rawJSON && context ? JSON.rawJSON(context.source) : value;
  const format = (text) => {
    try {
      return JSON.stringify(JSON.parse(text, keepDigits), null, 2);
    } catch {
      return text;
    }
  };
  const responseBody = (Original) => (props) => {
    const { content, contentType, getComponent } = props;
    if (typeof content !== 'string' || !/json/i.test(contentType)) {
      return React.createElement(Original, props);
    }
    const code = { language: 'json', downloadable: true, canCopy: true, fileName: 'response.json' };
    return React.createElement(
      'div',
      null,
      React.createElement('h5', null, 'Response body'),
      React.createElement(getComponent('HighlightCode', true), code, format(content)),
    );
  };
  return { wrapComponents: { responseBody } };
}`;

/**
 * A plugin of Swagger UI: requests go to where the page came from, behind a path prefix too. The document
 * may name another address (`PUBLIC_URL`), which the page is not allowed to connect to.
 */
const ownServer = `() => {
  const servers = [{ url: new URL('.', location.href).href.slice(0, -1) }];
  const updateJsonSpec = (update) => (document) => update({ ...document, servers });
  return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}`;

// Addresses are relative, so that the page works behind a path prefix.
const swaggerUi = SwaggerUI({
  url: 'openapi.json',
  // Without it the files would come from a public CDN.
  baseUrl: 'docs',
  deepLinking: true,
  // A validator would get the address of the document.
  validatorUrl: 'none',
  layout: 'BaseLayout',
  presets: ['SwaggerUIBundle.presets.apis'],
  plugins: [exactNumbers, ownServer],
});

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>loms</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" sizes="32x32">
  </head>
  <body>${swaggerUi}</body>
</html>
`;

/** Allows the page's own inline script, and no other, by its hash. */
const inlineScripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(
  ([, source = '']) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`,
);

const contentSecurityPolicy = pagePolicy({ scripts: inlineScripts.join(' ') });

/** Where the page looks for its files: `baseUrl` and the name of their package. */
const distPath = '/docs/swagger-ui-dist';

const javascript = 'text/javascript; charset=utf-8';

const documents = [
  ['/openapi.json', openApiPrinter],
  ['/asyncapi.json', asyncApiPrinter],
] as const;

/**
 * Adds `/openapi.json`, `/asyncapi.json`, `/docs` with its files, and the redirect from `/`.
 *
 * @param publicUrl the server that the documents name; without it the one that they are requested from.
 */
export function addDocs(app: OpenAPIHono, publicUrl?: string): void {
  for (const [path, printerOf] of documents) {
    // A document is prepared at the first request for it: by then all operations are registered.
    let print: ((serverUrl: string) => string) | undefined;
    app.get(path, (c) => {
      print ??= printerOf(app);
      return file(print(publicUrl ?? new URL(c.req.url).origin), 'application/json')(c);
    });
  }

  app.get('/', (c) => c.redirect('docs'));
  app.get('/docs/', (c) => c.redirect('../docs'));
  app.get('/docs', file(page, 'text/html; charset=utf-8'));
  app.get('/docs/favicon-32x32.png', file(distributed('favicon-32x32.png'), 'image/png'));
  app.get(`${distPath}/swagger-ui.css`, file(distributed('swagger-ui.css'), 'text/css; charset=utf-8'));
  app.get(`${distPath}/swagger-ui-bundle.js`, file(distributed('swagger-ui-bundle.js'), javascript));
}

function distributed(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(swaggerUiFolder(), name)));
}

function file(content: FileContent, contentType: string): (c: Context) => Response {
  return staticFile(content, { contentType, contentSecurityPolicy });
}
