/** The audit of stock over REST: who may start it, and what it shows. */
import { expect, test } from 'vitest';
import { testApp } from '../../../test/support/http-app.ts';
import { requestInfo } from '../../../test/support/status.ts';
import type { Authenticate } from '../../domain/access.ts';
import type { Scope } from '../../domain/operations.ts';
import { accepted, refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { AuditState } from '../../domain/stock/audit.ts';

const counts = { skus: 3, unsettledSkus: 0, movements: 7, lines: 2 };

function appWith(state: AuditState, authenticate?: Authenticate) {
  const audit = {
    state,
    starts: 0,
    start() {
      audit.starts++;
    },
  };
  return { audit, app: testApp({ audit, authenticate }) };
}

const idle: AuditState = { running: false, last: undefined };

test('a POST starts an audit and shows the state, a GET only shows it', async () => {
  const { app, audit } = appWith(idle);
  const shown = await app.request('/stock/audit');
  expect([shown.status, await shown.text(), audit.starts]).toEqual([200, '{"running":false}', 0]);
  const started = await app.request('/stock/audit', { method: 'POST' });
  expect([started.status, await started.text(), audit.starts]).toEqual([200, '{"running":false}', 1]);
});

test('the last report is shown, with ids digit for digit', async () => {
  const findings = [
    { finding: 'counters' as const, sku: 10, version: 2n ** 53n + 1n, detail: 'x' },
    { finding: 'noOrder' as const, sku: 11, orderId: 2n ** 63n - 1n, detail: 'y' },
  ];
  const report = { ...counts, findings, findingCount: 2 };
  const { app } = appWith({ running: true, last: { ageMs: 1_000.4, durationMs: 20.5, report } });
  const text = await (await app.request('/stock/audit')).text();
  expect(text).toBe(
    '{"running":true,"last":{"outcome":"done","ageMs":1000,"durationMs":21,' +
      '"skus":3,"unsettledSkus":0,"movements":7,"lines":2,"findingCount":2,"findings":[' +
      '{"finding":"counters","sku":10,"version":9007199254740993,"detail":"x"},' +
      '{"finding":"noOrder","sku":11,"detail":"y","orderID":9223372036854775807}]}}',
  );
});

test('of an audit that failed nothing is shown but when', async () => {
  const { app } = appWith({ running: false, last: { ageMs: 5, durationMs: 6 } });
  expect(await (await app.request('/stock/audit')).json()).toEqual({
    running: false,
    last: { outcome: 'failed', ageMs: 5, durationMs: 6 },
  });
});

const caller = (...scopes: Scope[]): Authenticate => {
  return (authorization) =>
    authorization === undefined
      ? refused(fixedRefusals.credentialsMissing)
      : accepted({ name: 'operator', scopes: new Set(scopes), endMs: Number.POSITIVE_INFINITY });
};

test.each(['GET', 'POST'])('%s needs a token with the scope stock:read', async (method) => {
  const headers = { authorization: 'Bearer x' };
  const right = appWith(idle, caller('stock:read'));
  expect((await right.app.request('/stock/audit', { method, headers })).status).toBe(200);
  expect((await right.app.request('/stock/audit', { method })).status).toBe(401);
  const wrong = appWith(idle, caller('orders:read', 'orders:write', 'stock:write'));
  const refusal = await wrong.app.request('/stock/audit', { method, headers });
  expect(refusal.status).toBe(403);
  expect(await refusal.json()).toMatchObject({ details: [{ reason: 'SCOPE_MISSING' }, requestInfo] });
  expect(wrong.audit.starts).toBe(0);
});
