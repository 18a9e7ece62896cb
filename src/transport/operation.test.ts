/**
 * What the pipeline passes on about a call, in both transports: whose share of the queues it takes, and when
 * its credentials end.
 */

import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { ask, startTestServer } from '../../test/support/grpc-server.ts';
import { silent, testApp } from '../../test/support/http-app.ts';
import { MemoryLoms } from '../../test/support/memory-loms.ts';
import type { Authenticate } from '../domain/access.ts';
import type { Call } from '../domain/call.ts';
import { accepted } from '../domain/outcome.ts';
import { StockServiceService as stock } from '../generated/proto/loms/stock/v1/stock.ts';
import { startHttpServer } from './http/server.ts';
import { TrustedProxies } from './proxies.ts';

const known: Authenticate = () => accepted({ name: 'cart', scopes: new Set(['stock:read']), endMs: 5_000 });

type Seen = Pick<Call, 'caller' | 'client' | 'credentialsEndMs'>;

/** Calls both transports and returns what the operation was called with. */
async function callsOf(authenticate?: Authenticate, trusted: string[] = []): Promise<Seen[]> {
  const calls: Seen[] = [];
  const loms = new MemoryLoms();
  loms.getStock = async (_sku, { caller, client, credentialsEndMs }) => {
    calls.push({ caller, client, credentialsEndMs });
    return accepted({ count: 1n });
  };
  const app = testApp({ loms, authenticate });
  const shares = { peerMax: 10, peerPerSecond: 0, proxies: new TrustedProxies(trusted) };
  const server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent, shares });
  const { client } = await startTestServer({ loms, authenticate, shares });
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
  await fetch(`http://127.0.0.1:${server.port}/stock/info/1625903`, { headers });
  await ask(client, stock.getStock, { sku: 1625903 }, undefined, Metadata.fromHttp2Headers(headers));
  await server.stop(0);
  return calls;
}

test('a caller with a name takes its own share, over whichever transport it comes', async () => {
  const call = { caller: 'cart', client: 'cart' };
  expect(await callsOf(known)).toMatchObject([call, call]);
});

test('a caller without a name takes the share of its address', async () => {
  const call = { caller: '', client: '127.0.0.1' };
  expect(await callsOf()).toMatchObject([call, call]);
});

test('a caller without a name behind a trusted proxy takes the share of its own address', async () => {
  const call = { caller: '', client: '203.0.113.9' };
  expect(await callsOf(undefined, ['127.0.0.1'])).toMatchObject([call, call]);
});

test('the end of the credentials reaches the call', async () => {
  const call = { credentialsEndMs: 5_000 };
  expect(await callsOf(known)).toMatchObject([call, call]);
});

test('without authentication the credentials of a call do not end', async () => {
  const call = { credentialsEndMs: Number.POSITIVE_INFINITY };
  expect(await callsOf()).toMatchObject([call, call]);
});
