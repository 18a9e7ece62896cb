/** Bad and good input through both transports, and a check of the check. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrpcCase, RestCase } from '../scripts/fuzz/case.ts';
import { checkGrpc } from '../scripts/fuzz/grpc-check.ts';
import { COLLECTING, growthOf } from '../scripts/fuzz/memory.ts';
import type { OpenApi } from '../scripts/fuzz/openapi.ts';
import { describeWrong } from '../scripts/fuzz/report.ts';
import { RestCheck } from '../scripts/fuzz/rest-check.ts';
import { fuzz } from '../scripts/fuzz/run.ts';
import { openFilledBooks } from '../scripts/fuzz/stock.ts';
import type { Books } from '../scripts/support/books.ts';
import { type Server, startServer } from '../scripts/support/server.ts';
import { standing } from '../src/domain/errors.ts';
import { DETAILS_TRAILER, statusOf } from '../src/grpc/errors.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testApp } from './http-app.ts';

const CASES = 2_000;

describe('a short fuzz run', () => {
  let database: TestDatabase;
  let books: Books;
  let server: Server;

  beforeAll(async () => {
    database = await createTestDatabase();
    books = await openFilledBooks(database.primaryUrl);
    server = await startServer([...COLLECTING, '--import', 'tsx', 'src/main.ts'], {
      PATH: process.env.PATH,
      HTTP_PORT: '0',
      GRPC_PORT: '0',
      DATABASE_URL: database.primaryUrl,
      DATABASE_REPLICA_URLS: database.replicaUrls.join(','),
    });
  });

  afterAll(async () => {
    await server?.end();
    await books?.close();
    await database?.drop();
  });

  test('every answer is as documented, the service lives on and the books balance', async () => {
    const report = await fuzz(server, { cases: CASES, seed: 1 });
    expect(report.wrong.map(describeWrong)).toEqual([]);
    expect(report.cases).toBe(CASES);
    expect([...report.answers.keys()]).toEqual(
      expect.arrayContaining([
        'REST 200',
        'REST 400',
        'REST 404',
        'REST 413',
        'REST 431',
        'gRPC 0',
        'gRPC 3',
      ]),
    );
    expect(await books.audit()).toBeGreaterThan(100);
    expect((await fetch(`http://127.0.0.1:${server.ports.REST}/readyz`)).status).toBe(200);
  }, 120_000);
});

test('growth is told from the second fifth of a run to its last', () => {
  const samples = [1, 1, 50, 52, 51, 60, 60, 70, 70, 70, 70, 70, 99, 100, 101];
  expect(growthOf(samples)).toEqual({ earlyBytes: 52, lateBytes: 100 });
});

describe('the check of REST finds', () => {
  const refusal = { code: 5, message: 'no order 1', details: [] as unknown[] };
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'ORDER_NOT_FOUND',
    domain: 'loms',
    metadata: {},
  };

  async function check(expectation: 'accepted' | 'refused', status: number, body: unknown, more = {}) {
    const document = (await (await testApp().request('/openapi.json')).json()) as OpenApi;
    const ask = { method: 'GET', operation: 'get /order/info/{order_id}', expect: expectation };
    const sent: RestCase = { via: 'REST', kind: 'x', writes: [], asks: [ask], answersMin: 1, end: false };
    const headers = new Map(Object.entries({ 'content-type': 'application/json', ...more }));
    const answer = { status, headers, body: Buffer.from(JSON.stringify(body)) };
    new RestCheck(document).check(sent, { answers: [answer], rest: Buffer.alloc(0) });
  }

  const order = { status: 'payed', user: 1, items: [{ sku: 1, count: 1 }] };
  const invalid = { ...refusal, code: 3, details: [{ ...info, reason: 'INVALID_REQUEST' }] };

  test('nothing in what is documented', async () => {
    await check('accepted', 200, order);
    await check('accepted', 404, { ...refusal, details: [info] });
    await check('refused', 400, invalid);
  });

  test.each<[string, 'accepted' | 'refused', number, unknown, object?]>([
    ['a fault of the service', 'accepted', 500, { ...refusal, details: [info] }],
    ['a status that the operation does not list', 'accepted', 405, { ...refusal, details: [info] }],
    ['a reply with a field too few', 'accepted', 200, { status: 'payed', user: 1 }],
    ['a status of an order that there is not', 'accepted', 200, { ...order, status: 'paid' }],
    ['an error without details', 'accepted', 404, refusal],
    ['a reason that is none', 'accepted', 404, { ...refusal, details: [{ ...info, reason: 'NO' }] }],
    ['a reason under another code', 'accepted', 404, { ...refusal, code: 9, details: [info] }],
    ['another content type', 'accepted', 200, order, { 'content-type': 'text/html' }],
    ['a valid request that is refused as bad', 'accepted', 400, invalid],
    ['a bad request that is accepted', 'refused', 200, order],
  ])('%s', async (_title, expectation, status, body, headers) => {
    await expect(check(expectation, status, body, headers)).rejects.toThrow();
  });
});

describe('the check of gRPC finds', () => {
  const path = '/loms.stock.v1.StockService/GetStock';
  const trailer = (refusal: (typeof standing)[keyof typeof standing]) => {
    const [bytes] = statusOf(refusal).metadata.get(DETAILS_TRAILER);
    return Buffer.from(bytes ?? '').toString('base64');
  };
  const { message } = standing.queueFull;
  const refused = {
    'grpc-status': '8',
    'grpc-message': encodeURI(message),
    [DETAILS_TRAILER]: trailer(standing.queueFull),
  };
  const ok = Buffer.of(0, 0, 0, 0, 2, 8, 7);

  function check(expect: GrpcCase['expect'], fields: Record<string, string>, body: Buffer = Buffer.alloc(0)) {
    const headers = { ':path': path, ':method': 'POST', 'content-type': 'application/grpc' };
    checkGrpc(
      { via: 'gRPC', kind: 'x', headers, writes: [], expect },
      { fields: { ':status': '200', ...fields }, body },
    );
  }

  test('nothing in what is documented', () => {
    check('accepted', { 'grpc-status': '0' }, ok);
    check('refused', refused);
  });

  test.each<[string, GrpcCase['expect'], Record<string, string>, Buffer?]>([
    ['a fault of the service', 'any', { 'grpc-status': '13' }],
    ['no status', 'any', {}],
    ['a refusal without details', 'any', { 'grpc-status': '8', 'grpc-message': encodeURI(message) }],
    ['details that say another code', 'any', { ...refused, 'grpc-status': '5' }],
    ['details that say another message', 'any', { ...refused, 'grpc-message': 'x' }],
    ['a deadline that nobody set', 'any', { 'grpc-status': '4' }],
    ['a reply that is no message', 'any', { 'grpc-status': '0' }, Buffer.of(0, 0, 0, 0, 2, 8)],
    ['a bad request that is accepted', 'refused', { 'grpc-status': '0' }, ok],
  ])('%s', (_title, expectation, fields, body) => {
    expect(() => check(expectation, fields, body)).toThrow();
  });
});
