/** A short fuzz run through both transports, and tests of its checks. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../../src/domain/errors.ts';
import { fixedRefusals } from '../../src/domain/refusals.ts';
import { DETAILS_TRAILER, statusOf } from '../../src/transport/grpc/errors.ts';
import { requestIdOf } from '../../src/transport/traceparent.ts';
import { useDatabase } from '../../test/support/database.ts';
import { testApp } from '../../test/support/http-app.ts';
import { compiled } from '../../test/support/programs.ts';
import type { LedgerAudit } from '../lib/ledger-audit.ts';
import type { Expectation, RestCase } from './case.ts';
import { checkGrpc } from './grpc-check.ts';
import { growthOf, isLeak, startMeasured } from './memory.ts';
import type { OpenApi } from './openapi.ts';
import { describeFinding } from './report.ts';
import { RestCheck } from './rest-check.ts';
import { fuzz, ROUND } from './run.ts';
import { type Services, startServices } from './services.ts';
import { fillStock } from './stock.ts';

const CASES = 3_500;

describe('a short fuzz run', () => {
  const database = useDatabase();
  let audit: LedgerAudit;
  let services: Services;

  beforeAll(async () => {
    audit = await fillStock(database.primaryUrl);
    services = await startServices(compiled('main'), database);
  });

  afterAll(async () => {
    await services?.end();
    await audit?.close();
  });

  // The growth of memory is not checked here: in so few cases, compiled code and caches add more than a leak.
  test('every answer is as documented, the services stay alive and the ledger audit passes', async () => {
    const report = await fuzz(services, { cases: CASES, seed: 1 });
    expect(report.findings.map(describeFinding)).toEqual([]);
    expect(report.cases).toBe(CASES);
    expect([...report.answers.keys()]).toEqual(
      expect.arrayContaining([
        'REST 200',
        'REST 400',
        'REST 401',
        'REST 403',
        'REST 404',
        'REST 413',
        'REST 431',
        'gRPC 0',
        'gRPC 3',
        'gRPC 7',
        'gRPC 16',
      ]),
    );
    expect(await audit.run()).toBeGreaterThan(50);
    await services.areReady();
  }, 120_000);
});

describe('the memory of a service', () => {
  test('is compared from the second fifth of a run to its last', () => {
    const samples = [1, 1, 1, 50, 52, 51, 60, 60, 70, 70, 70, 70, 99, 100, 101];
    expect(growthOf(samples, 2)).toEqual({ earlyBytes: 51, lateBytes: 100, bytesPerCase: 49 / (9 * 2) });
  });

  test.each([
    ['nothing', 0, false],
    ['750 bytes', 750, true],
  ])('shows a leak when each case leaves %s', (_title, left, found) => {
    // As measured without a leak: it grows until most code is compiled, and varies by a megabyte.
    const held = (round: number) => 50e6 - 9e6 * Math.exp(-round / 15) + 1e6 * Math.sin(round);
    const samples = Array.from({ length: 100 }, (_, round) => held(round) + left * ROUND * round);
    expect(isLeak(growthOf(samples, ROUND))).toBe(found);
  });

  test('is measured without garbage, heap and buffers alike', async () => {
    const kept = `
      const kept = [];
      process.on('SIGUSR2', () => {
        kept.push(Buffer.alloc(1e6), Array.from({ length: 1e5 }, (_, index) => index + 0.5));
        Array.from({ length: 10 }, () => Buffer.alloc(1e6));
      });
      setInterval(() => {}, 1e3);
      console.log('{"msg":"loms listens","rest":":1","grpc":":2"}');`;
    const service = await startMeasured(['-e', kept], {});
    onTestFinished(() => void service.end());
    const samples: number[] = [];
    for (let i = 0; i < 5; i++) samples.push(await service.heldBytes());
    const steps = samples.slice(2).map((bytes, index) => bytes - (samples[index + 1] ?? 0));
    for (const step of steps) {
      expect(step).toBeGreaterThan(1.5e6);
      expect(step).toBeLessThan(5e6);
    }
  });
});

describe('the check of REST answers finds', () => {
  const refusal = { code: 5, message: 'no order 1', details: [] as unknown[] };
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'ORDER_NOT_FOUND',
    domain: 'loms',
    metadata: {},
  };

  async function check(expectation: Expectation, status: number, body: unknown, more = {}) {
    const document = (await (await testApp().request('/openapi.json')).json()) as OpenApi;
    const request = { method: 'GET', operation: 'get /order/info/{order_id}', expected: expectation };
    const what = { via: 'REST', kind: 'x', service: 'open' } as const;
    const sent: RestCase = { ...what, writes: [], requests: [request], answersMin: 1, end: false };
    const headers = new Map(Object.entries({ 'content-type': 'application/json', ...more }));
    const answer = { status, headers, body: Buffer.from(JSON.stringify(body)) };
    new RestCheck(document).check(sent, { answers: [answer], rest: Buffer.alloc(0) });
  }

  const time = '2026-11-26T12:00:00.000000Z';
  const times = { createdAt: time, updatedAt: time };
  const order = { status: 'payed', user: 1, items: [{ sku: 1, count: 1 }], ...times };
  const invalid = { ...refusal, code: 3, details: [{ ...info, reason: 'INVALID_REQUEST' }] };

  test('nothing in documented answers', async () => {
    await check('accepted', 200, order);
    await check('accepted', 404, { ...refusal, details: [info] });
    await check('refused', 400, invalid);
  });

  test.each<[string, Expectation, number, unknown, object?]>([
    ['a fault of the service', 'accepted', 500, { ...refusal, details: [info] }],
    ['a status that the operation does not list', 'accepted', 405, { ...refusal, details: [info] }],
    ['a reply without a required field', 'accepted', 200, { status: 'payed', user: 1 }],
    ['an unknown status of an order', 'accepted', 200, { ...order, status: 'paid' }],
    ['a time that is none', 'accepted', 200, { ...order, createdAt: '2026-11-26' }],
    ['an error without details', 'accepted', 404, refusal],
    ['an unknown reason', 'accepted', 404, { ...refusal, details: [{ ...info, reason: 'NO' }] }],
    ['a reason under another code', 'accepted', 404, { ...refusal, code: 9, details: [info] }],
    ['another content type', 'accepted', 200, order, { 'content-type': 'text/html' }],
    ['a valid request that is refused as invalid', 'accepted', 400, invalid],
    ['an invalid request that is accepted', 'refused', 200, order],
    ['an invalid request that reads the state', 'refused', 404, { ...refusal, details: [info] }],
    [
      'an unauthenticated caller that learns of an order',
      'unauthenticated',
      404,
      { ...refusal, details: [info] },
    ],
  ])('%s', async (_title, expectation, status, body, headers) => {
    await expect(check(expectation, status, body, headers)).rejects.toThrow();
  });
});

describe('the check of gRPC answers finds', () => {
  const path = '/loms.stock.v1.StockService/GetStock';
  const { message } = fixedRefusals.queueFull;
  const statusFields = (refusal: (typeof fixedRefusals)[keyof typeof fixedRefusals]) => {
    const [bytes] = statusOf(refusal, requestIdOf()).metadata.get(DETAILS_TRAILER);
    return {
      'grpc-status': String(codeOf(refusal.reason)),
      'grpc-message': encodeURI(refusal.message),
      [DETAILS_TRAILER]: Buffer.from(bytes ?? '').toString('base64'),
    };
  };
  const refused = statusFields(fixedRefusals.queueFull);
  const ok = Buffer.of(0, 0, 0, 0, 2, 8, 7);

  function check(expected: Expectation, fields: Record<string, string>, body: Buffer = Buffer.alloc(0)) {
    const headers = { ':path': path, ':method': 'POST', 'content-type': 'application/grpc' };
    checkGrpc(
      { via: 'gRPC', kind: 'x', service: 'open', headers, writes: [], expected },
      { fields: { ':status': '200', ...fields }, body },
    );
  }

  test('nothing in documented answers', () => {
    check('accepted', { 'grpc-status': '0' }, ok);
    check('refused', refused);
    check('unauthenticated', statusFields(fixedRefusals.credentialsInvalid));
    check('forged', statusFields(fixedRefusals.keysUnavailable));
  });

  test.each<[string, Expectation, Record<string, string>, Buffer?]>([
    ['a fault of the service', 'any', { 'grpc-status': '13' }],
    ['no status', 'any', {}],
    ['a refusal without details', 'any', { 'grpc-status': '8', 'grpc-message': encodeURI(message) }],
    ['details with another code', 'any', { ...refused, 'grpc-status': '5' }],
    ['details with another message', 'any', { ...refused, 'grpc-message': 'x' }],
    ['a deadline that was not set', 'any', { 'grpc-status': '4' }],
    ['a reply that is not a message', 'any', { 'grpc-status': '0' }, Buffer.of(0, 0, 0, 0, 2, 8)],
    ['an invalid request that is accepted', 'refused', { 'grpc-status': '0' }, ok],
    ['keys that are away', 'unauthenticated', statusFields(fixedRefusals.keysUnavailable)],
    [
      'a forged token for which the database is away',
      'forged',
      statusFields(fixedRefusals.databaseUnavailable),
    ],
    ['an unauthenticated caller that is admitted', 'unauthenticated', { 'grpc-status': '0' }, ok],
    ['a caller that is admitted without the scope', 'forbidden', { 'grpc-status': '0' }, ok],
    ['a valid request that is refused by a full queue', 'accepted', refused],
  ])('%s', (_title, expectation, fields, body) => {
    expect(() => check(expectation, fields, body)).toThrow();
  });
});
