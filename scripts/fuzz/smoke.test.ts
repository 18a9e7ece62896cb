/** Bad and good input through both transports, and a check of the check. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../../src/domain/errors.ts';
import { fixedRefusals } from '../../src/domain/refusals.ts';
import { DETAILS_TRAILER, statusOf } from '../../src/transport/grpc/errors.ts';
import { useDatabase } from '../../test/support/database.ts';
import { testApp } from '../../test/support/http-app.ts';
import { fromSources } from '../../test/support/process.ts';
import type { LedgerAudit } from '../lib/ledger-audit.ts';
import type { Expectation, RestCase } from './case.ts';
import { checkGrpc } from './grpc-check.ts';
import { growthOf, isLeak, startWatched } from './memory.ts';
import type { OpenApi } from './openapi.ts';
import { describeWrong } from './report.ts';
import { RestCheck } from './rest-check.ts';
import { fuzz, ROUND } from './run.ts';
import { type Services, startServices } from './services.ts';
import { fillStock } from './stock.ts';

const CASES = 2_000;

describe('a short fuzz run', () => {
  const database = useDatabase();
  let audit: LedgerAudit;
  let services: Services;

  beforeAll(async () => {
    audit = await fillStock(database.primaryUrl);
    services = await startServices(fromSources, database);
  });

  afterAll(async () => {
    await services?.end();
    await audit?.close();
  });

  // How memory grows is not judged here: in so few cases the code that is compiled, and caches that fill up, add more
  // than a leak would.
  test('every answer is as documented, the services stay alive and the ledger audit passes', async () => {
    const report = await fuzz(services, { cases: CASES, seed: 1 });
    expect(report.wrong.map(describeWrong)).toEqual([]);
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
    expect(await audit.run()).toBeGreaterThan(100);
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
    // As a sound service was seen: it grows until most of its code is compiled, and goes up and down by a megabyte.
    const held = (round: number) => 50e6 - 9e6 * Math.exp(-round / 15) + 1e6 * Math.sin(round);
    const samples = Array.from({ length: 100 }, (_, round) => held(round) + left * ROUND * round);
    expect(isLeak(growthOf(samples, ROUND))).toBe(found);
  });

  test('is told without its garbage: heap and buffers, kept or not', async () => {
    const kept = `
      const kept = [];
      process.on('SIGUSR2', () => {
        kept.push(Buffer.alloc(1e6), Array.from({ length: 1e5 }, (_, index) => index + 0.5));
        Array.from({ length: 10 }, () => Buffer.alloc(1e6));
      });
      setInterval(() => {}, 1e3);
      console.log('{"msg":"loms listens","rest":":1","grpc":":2"}');`;
    const service = await startWatched(['-e', kept], {});
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

describe('the check of REST finds', () => {
  const refusal = { code: 5, message: 'no order 1', details: [] as unknown[] };
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'ORDER_NOT_FOUND',
    domain: 'loms',
    metadata: {},
  };

  async function check(expectation: Expectation, status: number, body: unknown, more = {}) {
    const document = (await (await testApp().request('/openapi.json')).json()) as OpenApi;
    const ask = { method: 'GET', operation: 'get /order/info/{order_id}', expect: expectation };
    const what = { via: 'REST', kind: 'x', service: 'open' } as const;
    const sent: RestCase = { ...what, writes: [], asks: [ask], answersMin: 1, end: false };
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

  test.each<[string, Expectation, number, unknown, object?]>([
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
    ['a bad request that is looked up', 'refused', 404, { ...refusal, details: [info] }],
    ['a stranger who is told that there is no order', 'stranger', 404, { ...refusal, details: [info] }],
  ])('%s', async (_title, expectation, status, body, headers) => {
    await expect(check(expectation, status, body, headers)).rejects.toThrow();
  });
});

describe('the check of gRPC finds', () => {
  const path = '/loms.stock.v1.StockService/GetStock';
  const { message } = fixedRefusals.queueFull;
  const statusFields = (refusal: (typeof fixedRefusals)[keyof typeof fixedRefusals]) => {
    const [bytes] = statusOf(refusal).metadata.get(DETAILS_TRAILER);
    return {
      'grpc-status': String(codeOf(refusal.reason)),
      'grpc-message': encodeURI(refusal.message),
      [DETAILS_TRAILER]: Buffer.from(bytes ?? '').toString('base64'),
    };
  };
  const refused = statusFields(fixedRefusals.queueFull);
  const ok = Buffer.of(0, 0, 0, 0, 2, 8, 7);

  function check(expect: Expectation, fields: Record<string, string>, body: Buffer = Buffer.alloc(0)) {
    const headers = { ':path': path, ':method': 'POST', 'content-type': 'application/grpc' };
    checkGrpc(
      { via: 'gRPC', kind: 'x', service: 'open', headers, writes: [], expect },
      { fields: { ':status': '200', ...fields }, body },
    );
  }

  test('nothing in what is documented', () => {
    check('accepted', { 'grpc-status': '0' }, ok);
    check('refused', refused);
    check('stranger', statusFields(fixedRefusals.credentialsInvalid));
  });

  test.each<[string, Expectation, Record<string, string>, Buffer?]>([
    ['a fault of the service', 'any', { 'grpc-status': '13' }],
    ['no status', 'any', {}],
    ['a refusal without details', 'any', { 'grpc-status': '8', 'grpc-message': encodeURI(message) }],
    ['details that say another code', 'any', { ...refused, 'grpc-status': '5' }],
    ['details that say another message', 'any', { ...refused, 'grpc-message': 'x' }],
    ['a deadline that nobody set', 'any', { 'grpc-status': '4' }],
    ['a reply that is no message', 'any', { 'grpc-status': '0' }, Buffer.of(0, 0, 0, 0, 2, 8)],
    ['a bad request that is accepted', 'refused', { 'grpc-status': '0' }, ok],
    ['a stranger who is let in', 'stranger', { 'grpc-status': '0' }, ok],
    ['a caller who is let in without the scope', 'unscoped', { 'grpc-status': '0' }, ok],
    ['a valid request that finds no place in the queue', 'accepted', refused],
  ])('%s', (_title, expectation, fields, body) => {
    expect(() => check(expectation, fields, body)).toThrow();
  });
});
