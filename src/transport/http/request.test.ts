/** Bodies and content types: which are accepted, and how the others are refused. */
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { incoming, post, testApp, violations } from '../../../test/support/http-app.ts';
import { requestInfo } from '../../../test/support/status.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import { parameterReader } from './request.ts';

const order = '{"user":1,"items":[{"sku":1625903,"count":1}]}';

describe('a body that is not a JSON object', () => {
  const deep = 50_000;
  test.each([
    ['', 'empty'],
    [' ', 'blank'],
    ['{', 'cut off'],
    ['user=1', 'a form'],
    ['[]', 'a list'],
    ['null', 'null'],
    ['5', 'a number'],
    ['1.5', 'a fraction'],
    ['"x"', 'a text'],
    ['{"user":1,"user":2}', 'with one key twice'],
    [`{"user":${'['.repeat(deep)}${']'.repeat(deep)}}`, 'nested beyond the stack'],
    [`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 'nested beyond the stack, by objects'],
  ])('is refused as a whole: %.20s (%s)', async (body) => {
    expect(violations(await post(testApp(), '/order/create', body))).toEqual(['']);
  });

  test('is refused as a whole when it is not UTF-8', async () => {
    const bytes = new Uint8Array([...Buffer.from('{"user":"'), 0xff, ...Buffer.from('"}')]);
    expect(violations(await post(testApp(), '/order/create', bytes))).toEqual(['']);
  });

  test('is refused as a whole when it is missing', async () => {
    expect(violations(await post(testApp(), '/order/create', new Uint8Array()))).toEqual(['']);
  });
});

describe('hostile keys', () => {
  test('__proto__ adds no fields to an order', async () => {
    const body = '{"__proto__":{"user":1,"items":[{"sku":1625903,"count":1}]}}';
    expect(violations(await post(testApp(), '/order/create', body))).toEqual(['items', 'user']);
  });

  test('__proto__ and constructor beside valid fields are ignored', async () => {
    const body =
      '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},' +
      '"user":1,"items":[{"sku":1625903,"count":1}]}';
    expect((await post(testApp(), '/order/create', body)).status).toBe(200);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe('content types', () => {
  const send = (contentType: string | undefined) => {
    const headers: [string, string][] = contentType === undefined ? [] : [['content-type', contentType]];
    return post(testApp(), '/order/create', order, headers);
  };

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'APPLICATION/JSON',
    'application/vnd.api+json',
    'application/merge-patch+json; charset=utf-8',
  ])('%s is JSON', async (contentType) => {
    expect((await send(contentType)).status).toBe(200);
  });

  test.each([
    undefined,
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/octet-stream',
    'xapplication/json',
  ])('%s is not JSON', async (contentType) => {
    const response = await send(contentType);
    expect(violations(response)).toEqual(['content-type']);
    const came = contentType === undefined ? 'without a content type' : `as ${contentType}`;
    expect(response.text).toContain(`"the body was sent ${came}; send application/json"`);
  });
});

describe('content encodings', () => {
  const send = (encoding: string, body: string | Uint8Array) =>
    testApp().request(
      '/order/create',
      { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': encoding } },
      incoming(body),
    );

  test.each(['identity', 'Identity', ''])('%j is accepted', async (encoding) => {
    expect((await send(encoding, order)).status).toBe(200);
  });

  test.each([
    ['gzip', order],
    ['gzip', gzipSync(order)],
    ['br', order],
    ['identity, gzip', order],
    ['x', order],
  ])('%s is refused, whatever the body is', async (encoding, body) => {
    const response = await send(encoding, body);
    expect(response.status).toBe(415);
    expect(response.headers.get('accept-encoding')).toBe('identity');
    expect(await response.json()).toMatchObject({
      code: 3,
      message: 'invalid request: content-encoding',
      details: [
        { reason: 'CONTENT_ENCODING_UNSUPPORTED' },
        { fieldViolations: [{ field: 'content-encoding', description: 'must be identity, or absent' }] },
        requestInfo,
      ],
    });
  });
});

test('a request whose client disconnects during the body is refused without a wait', async () => {
  const body = new Readable({ read() {} });
  body.push('{"user":');
  const headers = { 'content-type': 'application/json' };
  const response = testApp().request('/order/create', { method: 'POST', headers }, { incoming: body });
  body.destroy();
  expect((await response).status).toBe(400);
});

describe('the size of a body', () => {
  const padded = (bytes: number) => order + ' '.repeat(bytes - order.length);

  test('may equal the limit', async () => {
    expect((await post(testApp(), '/order/create', padded(REQUEST_MAX_BYTES))).status).toBe(200);
  });

  test('may not exceed the limit by one byte', async () => {
    const response = await post(testApp(), '/order/create', padded(REQUEST_MAX_BYTES + 1));
    expect(response.status).toBe(413);
    expect(JSON.parse(response.text)).toMatchObject({
      code: 8,
      details: [{ reason: 'REQUEST_TOO_LARGE' }, requestInfo],
    });
  });
});

describe('a request in path and query', () => {
  const schema = z.object({
    sku: z.string(),
    status: z.union([z.string(), z.array(z.string())]).optional(),
    pageSize: z.string().regex(/^\d+$/).optional(),
  });
  const parameters = { sku: 'sku', status: 'status', pageSize: 'page_size' };
  const read = async (path: string) => {
    const reader = parameterReader('GetStockRequest', schema, parameters);
    const app = new Hono().get('/stock/:sku', async (c) => {
      const outcome = await reader(c, 0, new Deadlines());
      return c.json(outcome.ok ? outcome.value : (outcome.refusal.detail ?? null));
    });
    return (await app.request(path)).json();
  };

  test('has a field for each parameter, and a list for one that is repeated', async () => {
    expect(await read('/stock/7')).toEqual({ sku: '7' });
    expect(await read('/stock/7?status=new&page_size=5')).toEqual({ sku: '7', status: 'new', pageSize: '5' });
    expect(await read('/stock/7?status=new&status=payed')).toEqual({ sku: '7', status: ['new', 'payed'] });
  });

  test('ignores parameters that it does not know, also one with the name of a part of the path', async () => {
    expect(await read('/stock/7?sku=8&other=1')).toEqual({ sku: '7' });
  });

  test('is refused by the names of its fields in JSON', async () => {
    expect(await read('/stock/7?page_size=x')).toMatchObject({ fieldViolations: [{ field: 'pageSize' }] });
    expect(await read('/stock/7?page_size=1&page_size=2')).toMatchObject({
      fieldViolations: [{ field: 'pageSize' }],
    });
  });
});
