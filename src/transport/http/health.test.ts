/** The liveness and readiness probes. */
import { describe, expect, test } from 'vitest';
import { get, testApp } from '../../../test/support/http-app.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';

describe('the probes', () => {
  test('livez is alive even when the service is not ready', async () => {
    const app = testApp({ readiness: () => ({ ready: false, details: {} }) });
    expect(await get(app, '/livez')).toEqual({ status: 200, text: '{"alive":true}' });
  });

  test('readyz follows the current readiness and shows its details', async () => {
    let ready = false;
    const app = testApp({ readiness: () => ({ ready, details: { lagBytes: 9_007_199_254_740_993n } }) });
    const details = '"details":{"lagBytes":9007199254740993}';
    expect(await get(app, '/readyz')).toEqual({ status: 503, text: `{"ready":false,${details}}` });
    ready = true;
    expect(await get(app, '/readyz')).toEqual({ status: 200, text: `{"ready":true,${details}}` });
  });

  test('readyz shows unknown callers no nodes, but whether the keys can be read', async () => {
    const keys = { usable: false, readable: false, ageMs: null };
    const details = { migrated: true, writable: true, keys, nodes: [{ name: 'db' }] };
    const authenticate = () => refused(fixedRefusals.keysUnavailable);
    const app = testApp({ readiness: () => ({ ready: true, details }), authenticate });
    const { text } = await get(app, '/readyz');
    expect(JSON.parse(text)).toEqual({ ready: true, details: { writable: true, keys } });
  });
});
