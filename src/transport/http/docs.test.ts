/** The OpenAPI document and the Swagger UI, compared with what the service does. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { undocumentedHeaders } from '../../../test/support/documented.ts';
import { incoming, post, testApp } from '../../../test/support/http-app.ts';
import { keyOf } from '../../domain/idempotency/key.ts';

const operations = [
  ['post', '/order/create', 'createOrder', ['400', '413', '415', '429', '500', '503', '504']],
  ['get', '/order/info/{order_id}', 'getOrder', ['400', '404', '429', '500', '503', '504']],
  ['post', '/order/pay', 'payOrder', ['400', '404', '413', '415', '429', '500', '503', '504']],
  ['post', '/order/cancel', 'cancelOrder', ['400', '404', '413', '415', '429', '500', '503', '504']],
  ['post', '/stock/adjust', 'adjustStock', ['400', '409', '413', '415', '429', '500', '503', '504']],
  ['post', '/stock/count', 'countStock', ['400', '413', '415', '429', '500', '503', '504']],
  ['get', '/stock/info/{sku}', 'getStock', ['400', '404', '429', '500', '503', '504']],
] as const;

const authenticate = () => Promise.reject(new Error('no token is sent'));

async function documentText(app = testApp()): Promise<string> {
  const response = await app.request('/openapi.json');
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
    expect(operation.description).toBeTruthy();
    expect(Object.keys(operation.responses).sort()).toEqual(['200', ...errors, 'default']);
    const reply = operation.responses[200].content['application/json'];
    expect(reply.schema.$ref).toMatch(/^#\/components\/schemas\//);
    expect(reply.example).toBeDefined();
    for (const status of errors) {
      const content = operation.responses[status].content['application/json'];
      expect(content.schema).toEqual({ $ref: '#/components/schemas/Status' });
      expect(Object.keys(content.examples)).not.toEqual([]);
    }
    const any = operation.responses.default.content['application/json'];
    expect(any.schema).toEqual({ $ref: '#/components/schemas/Status' });
    expect(operation.parameters).toContainEqual(
      expect.objectContaining({
        in: 'header',
        name: 'Request-Timeout',
        example: 5,
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
        expect.objectContaining({
          in: 'path',
          required: true,
          name: /\{(.+)\}/.exec(path)?.[1],
          example: expect.any(Number),
        }),
        expect.objectContaining({ in: 'header' }),
      ]);
    }
  });

  test('describes the idempotency key of a create, and the mark of a replay', async () => {
    const { post } = JSON.parse(await documentText()).paths['/order/create'];
    const key = post.parameters.find(({ name }: { name: string }) => name === 'Idempotency-Key');
    expect(key).toMatchObject({ in: 'header', required: false });
    expect(key.schema).toMatchObject({ minLength: 1, maxLength: 255 });
    const pattern = new RegExp(key.schema.pattern, 'u');
    const unit = fc.constantFrom(',', ' ', 'k', '~', '!', '+', '-', '\t', '\x7f', 'é');
    // HTTP drops the blanks around a header.
    const keys = fc.string({ unit, maxLength: 8 }).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
    fc.assert(
      fc.property(keys, (sent) => pattern.test(sent) === keyOf('', sent, '').ok),
      { numRuns: 2_000 },
    );
    for (const status of [200, 400]) {
      expect(post.responses[status].headers).toHaveProperty('Idempotency-Replayed');
    }
    expect(Object.keys(post.responses[400].content['application/json'].examples)).toContain(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  test.each(operations.filter(([method]) => method === 'post'))(
    'names the headers of the reply to a compressed body to %s %s',
    async (_method, path) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      const response = await testApp().request(path, { method: 'POST', headers }, incoming('{}'));
      expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'identity']);
      expect(undocumentedHeaders('POST', path, 415, response.headers.keys())).toEqual([]);
    },
  );

  test('states every limit digit for digit, and the forms that are accepted', async () => {
    const text = await documentText();
    const { paths, components } = JSON.parse(text);
    const { schemas } = components;
    expect(text).toContain('"format":"int64","minimum":1,"maximum":9223372036854775807');
    const int64 = {
      anyOf: [
        { type: 'integer', format: 'int64', minimum: 1, maximum: 2 ** 63 },
        { type: 'string', pattern: '^[1-9][0-9]{0,18}$' },
      ],
    };
    expect(schemas.CreateOrderRequest.properties.user).toMatchObject(int64);
    expect(schemas.OrderIDRequest.properties.orderID).toMatchObject(int64);
    expect(paths['/order/info/{order_id}'].get.parameters[0].schema).toMatchObject(int64);
    expect(schemas.CreateOrderRequest.properties.items).toMatchObject({ minItems: 1, maxItems: 1000 });
    expect(schemas.CreateOrderRequest.required).toEqual(['user', 'items']);
    expect(schemas.OrderIDRequest.required).toEqual(['orderID']);
    const { sku, count } = schemas.Item.properties;
    expect(sku).toMatchObject({ type: 'integer', minimum: 1, maximum: 4_294_967_295 });
    expect(sku).not.toHaveProperty('format');
    expect(count).toMatchObject({ type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 });
    expect(schemas.GetOrderResponse.properties.user).toMatchObject({ type: 'integer', format: 'int64' });
  });

  test('names the parts of an error, each detail by its type', async () => {
    const { schemas } = JSON.parse(await documentText()).components;
    const refs = [
      'ErrorInfo',
      'BadRequest',
      'RetryInfo',
      'InsufficientStock',
      'StockChanged',
      'StockBelowReserved',
      'CountStale',
      'RequestInfo',
    ].map((name) => `#/components/schemas/${name}`);
    const { oneOf, discriminator } = schemas.ErrorDetail;
    expect(oneOf).toEqual(refs.map(($ref) => ({ $ref })));
    expect(discriminator.propertyName).toBe('@type');
    expect(Object.values(discriminator.mapping)).toEqual(refs);
    expect(schemas.Status.properties.details.items).toEqual({ $ref: '#/components/schemas/ErrorDetail' });
    expect(schemas.InsufficientStock.properties.shortages.items.$ref).toBe('#/components/schemas/Shortage');
    expect(schemas.BadRequest.properties.fieldViolations.items.$ref).toBe(
      '#/components/schemas/FieldViolation',
    );
    const { sku, requested, available, availableAt } = schemas.Shortage.properties;
    const formats = [sku, requested, available, availableAt].map(({ format }) => format);
    expect(formats).toEqual([undefined, 'int32', 'int64', 'date-time']);
  });

  test('names the server that it is requested from, or the configured one', async () => {
    const serversOf = async (app: ReturnType<typeof testApp>, url: string) =>
      JSON.parse(await (await app.request(url)).text()).servers;
    const app = testApp();
    for (const origin of ['http://127.0.0.1:8080', 'https://loms.test', 'http://[::1]:8080']) {
      expect(await serversOf(app, `${origin}/openapi.json`)).toEqual([{ url: origin }]);
    }
    const publicUrl = 'https://shop.test/loms';
    expect(await serversOf(testApp({ publicUrl }), 'http://10.0.0.1/openapi.json')).toEqual([
      { url: publicUrl },
    ]);
  });

  test('states access: the scope of each operation, none for the probes', async () => {
    const open = JSON.parse(await documentText());
    expect(open.security).toEqual([]);
    const { paths } = JSON.parse(await documentText(testApp({ authenticate })));
    for (const [method, path] of operations) {
      const { security, responses } = paths[path][method];
      expect(security).toEqual([{ bearer: [expect.any(String)] }]);
      for (const status of [401, 403]) expect(responses[status].headers).toHaveProperty('WWW-Authenticate');
    }
    for (const path of ['/livez', '/readyz']) expect(paths[path].get.security).toEqual([]);
  });

  test('links a create to what can be done with the order', async () => {
    const { paths } = JSON.parse(await documentText());
    const { links } = paths['/order/create'].post.responses[200];
    const ids = Object.values<{ operationId: string }>(links).map(({ operationId }) => operationId);
    expect(ids).toEqual(['getOrder', 'payOrder', 'cancelOrder']);
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
    expect(page).toContain("url: 'openapi.json'");
    const referred = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(referred).toHaveLength(3);
    for (const path of [...referred, 'openapi.json']) {
      // Relative to the page, so that it is found behind a path prefix too.
      expect(path).toMatch(/^\w/);
      expect((await app.request(new URL(path, 'http://localhost/docs'))).status, path).toBe(200);
    }
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

  test.each(['/', '/docs/'])('%s redirects to it, behind a path prefix too', async (path) => {
    const response = await testApp().request(path);
    expect(response.status).toBe(302);
    const location = response.headers.get('location') ?? '';
    expect(new URL(location, `http://localhost/loms${path}`).pathname).toBe('/loms/docs');
  });
});

test('the documents and the UI can be switched off', async () => {
  const app = testApp({ docs: false });
  for (const path of ['/', '/docs/', '/openapi.json', '/asyncapi.json', ...files.map(([path]) => path)]) {
    expect((await app.request(path)).status, path).toBe(404);
  }
});
