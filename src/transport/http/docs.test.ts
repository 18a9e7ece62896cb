/** The OpenAPI document and the Swagger UI, compared with what the service does. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { post, testApp } from '../../../test/support/http-app.ts';

const operations = [
  ['post', '/order/create', 'createOrder', ['400', '413', '415', '429', '500', '503', '504']],
  ['get', '/order/info/{order_id}', 'getOrder', ['400', '404', '429', '500', '503', '504']],
  ['post', '/order/pay', 'payOrder', ['400', '404', '413', '415', '429', '500', '503', '504']],
  ['post', '/order/cancel', 'cancelOrder', ['400', '404', '413', '415', '429', '500', '503', '504']],
  ['get', '/stock/info/{sku}', 'getStock', ['400', '404', '429', '500', '503', '504']],
] as const;

async function documentText(): Promise<string> {
  const response = await testApp().request('/openapi.json');
  expect(response.headers.get('content-type')).toBe('application/json');
  return response.text();
}

/** Every `$ref` of a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

describe('the OpenAPI document', () => {
  test.each(operations)('describes %s %s', async (method, path, operationId, errors) => {
    const document = JSON.parse(await documentText());
    const operation = document.paths[path][method];
    expect(operation.operationId).toBe(operationId);
    expect(operation.summary).toBeTruthy();
    expect(Object.keys(operation.responses).sort()).toEqual(['200', ...errors]);
    const reply = operation.responses[200].content['application/json'];
    expect(reply.schema.$ref).toMatch(/^#\/components\/schemas\//);
    expect(reply.example).toBeDefined();
    for (const status of errors) {
      const content = operation.responses[status].content['application/json'];
      expect(content.schema).toEqual({ $ref: '#/components/schemas/Error' });
      expect(Object.keys(content.examples)).not.toEqual([]);
    }
    expect(operation.parameters).toContainEqual(
      expect.objectContaining({
        in: 'header',
        name: 'Request-Timeout',
        schema: expect.objectContaining({ type: 'number' }),
      }),
    );
    expect(operation.responses[429].headers['Retry-After']).toBeDefined();
    expect(operation.responses[503].headers['Retry-After']).toBeDefined();
    if (method === 'post') {
      expect(operation.requestBody.required).toBe(true);
      expect(operation.requestBody.content['application/json'].example).toBeDefined();
    } else {
      expect(operation.parameters).toEqual([
        expect.objectContaining({ in: 'path', required: true, name: /\{(.+)\}/.exec(path)?.[1] }),
        expect.objectContaining({ in: 'header' }),
      ]);
    }
  });

  test('describes the idempotency key of a create, and the mark of a replay', async () => {
    const { post } = JSON.parse(await documentText()).paths['/order/create'];
    const key = post.parameters.find(({ name }: { name: string }) => name === 'Idempotency-Key');
    expect(key).toMatchObject({ in: 'header', required: false });
    expect(key.schema).toMatchObject({ minLength: 1, maxLength: 255, pattern: '^[ -~]+$' });
    for (const status of [200, 400]) {
      expect(post.responses[status].headers).toHaveProperty('Idempotency-Replayed');
    }
    expect(Object.keys(post.responses[400].content['application/json'].examples)).toContain(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  test('states every limit digit for digit', async () => {
    const text = await documentText();
    const { schemas } = JSON.parse(text).components;
    expect(text).toContain('"format":"int64","minimum":1,"maximum":9223372036854775807');
    expect(schemas.CreateOrderRequest.properties.user).toMatchObject({ type: 'integer', format: 'int64' });
    expect(schemas.CreateOrderRequest.properties.items).toMatchObject({ minItems: 1, maxItems: 1000 });
    expect(schemas.Item.properties.sku).toMatchObject({
      type: 'integer',
      minimum: 1,
      maximum: 4_294_967_295,
    });
    expect(schemas.Item.properties.count).toMatchObject({ type: 'integer', minimum: 1, maximum: 65_535 });
    expect(schemas.OrderIDRequest.required).toEqual(['orderID']);
  });

  test('resolves every reference, and has unique operation ids', async () => {
    const document = JSON.parse(await documentText());
    for (const reference of references(document)) {
      const [, components, kind, name] = reference.split('/');
      expect(document[components ?? ''][kind ?? ''], reference).toHaveProperty(name ?? '');
    }
    const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining([...operations.map(([, , id]) => id), 'livez', 'readyz']));
  });

  test('has no example of an idempotency key, which "Try it out" would send with each order', async () => {
    const document = JSON.parse(await documentText());
    const key = document.paths['/order/create'].post.parameters.find(
      (parameter: { name: string }) => parameter.name === 'Idempotency-Key',
    );
    expect(key.schema).toMatchObject({ type: 'string', maxLength: 255 });
    expect(JSON.stringify(key)).not.toContain('example');
  });

  test('has examples that the operations accept', async () => {
    const app = testApp();
    const document = JSON.parse(await documentText());
    for (const path of ['/order/create', '/order/pay']) {
      const { example } = document.paths[path].post.requestBody.content['application/json'];
      expect((await post(app, path, JSON.stringify(example))).status).toBe(200);
    }
  });
});

const files = [
  ['/docs', 'text/html; charset=utf-8'],
  ['/docs/swagger-ui-dist/swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['/docs/swagger-ui-dist/swagger-ui.css', 'text/css; charset=utf-8'],
  ['/docs/favicon-32x32.png', 'image/png'],
] as const;

describe('Swagger UI', () => {
  test.each(files)('%s is served from this host as %s', async (path, contentType) => {
    const response = await testApp().request(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self';/,
    );
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test('allows only the inline script of the page, by its hash', async () => {
    const response = await testApp().request('/docs');
    const inline = [...(await response.text()).matchAll(/<script[^>]*>([^<]+)<\/script>/g)];
    expect(inline).toHaveLength(1);
    const hash = createHash('sha256')
      .update(inline[0]?.[1] ?? '')
      .digest('base64');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).not.toContain('unsafe');
  });

  test('is not sent again to a browser that has it cached', async () => {
    const app = testApp();
    const path = '/docs/swagger-ui-dist/swagger-ui.css';
    const etag = (await app.request(path)).headers.get('etag') ?? '';
    const response = await app.request(path, { headers: { 'if-none-match': etag } });
    expect([response.status, await response.text()]).toEqual([304, '']);
    const other = await app.request(path, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test('refers to no other host, and only to files that are served', async () => {
    const app = testApp();
    const page = await (await app.request('/docs')).text();
    expect(page).not.toMatch(/https?:|["'(]\/\//);
    expect(page).toContain("validatorUrl: 'none'");
    expect(page).toContain("url: '/openapi.json'");
    const referred = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(referred).toHaveLength(3);
    for (const path of [...referred, '/openapi.json'])
      expect((await app.request(path)).status, path).toBe(200);
  });

  test.each([
    '/docs/package.json',
    '/docs/index.html',
    '/docs/swagger-ui-dist/package.json',
    '/docs/swagger-ui-dist/index.html',
    '/docs/swagger-ui-dist/swagger-initializer.js',
    '/docs/swagger-ui-dist/../package.json',
    '/docs/swagger-ui-dist/..%2fpackage.json',
    '/docs/../package.json',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs//etc/passwd',
    '/docs/swagger-ui-dist/swagger-ui.css%00.png',
  ])('%s is not served', async (path) => {
    expect((await testApp().request(path)).status).toBe(404);
  });

  test.each(['/', '/docs/'])('%s redirects to it', async (path) => {
    const response = await testApp().request(path);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
  });
});

test('the document and the UI can be switched off', async () => {
  const app = testApp({ docs: false });
  for (const path of ['/', '/docs/', '/openapi.json', ...files.map(([path]) => path)]) {
    expect((await app.request(path)).status, path).toBe(404);
  }
});
