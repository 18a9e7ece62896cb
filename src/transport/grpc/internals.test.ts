/** Statuses and logs that grpc-js produces by itself, as clients and operators see them. */
import { gzipSync } from 'node:zlib';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../../../test/support/grpc-server.ts';
import { framed, GrpcSession } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { decodeStatus, reasonOf } from '../../../test/support/status.ts';
import { keyOf } from '../../domain/idempotency/key.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { CreateOrderRequest } from '../../generated/proto/loms/order/v1/order.ts';
import { DETAILS_TRAILER } from './errors.ts';
import { assertInternals } from './internals.ts';

const getStock = '/loms.stock.v1.StockService/GetStock';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

/** Calls a method in a trace. Returns the code of the status, and the reason in its details. */
async function call(port: number, path: string, writes: Buffer[], more: Record<string, string> = {}) {
  const session = await GrpcSession.open(port);
  onTestFinished(() => session.close());
  const standard = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', traceparent };
  const reply = await session.send({ headers: { ...standard, ...more }, writes });
  const status = decodeStatus(String(reply?.fields[DETAILS_TRAILER] ?? ''));
  const { code, message } = status;
  const received = [Number(reply?.fields['grpc-status']), decodeURI(String(reply?.fields['grpc-message']))];
  expect(received).toEqual([code, message]);
  expect(reply?.fields.traceparent).toContain(`00-${traceId}-`);
  return { code, reason: reasonOf(status) };
}

const message = Buffer.of(8, 7);
const invalid = { code: 3, reason: 'INVALID_REQUEST' };
const tooLarge = { code: 8, reason: 'REQUEST_TOO_LARGE' };
const unknown = { code: 12, reason: 'METHOD_NOT_ALLOWED' };
const huge = Buffer.alloc(REQUEST_MAX_BYTES + 1);

test.each<[string, object, string, Buffer[], Record<string, string>?]>([
  ['an unknown method', unknown, '/loms.stock.v1.StockService/Nope', [framed(message)]],
  ['a method with # behind it', unknown, `${getStock}#x`, [framed(message)]],
  ['a method with ? behind it', unknown, `${getStock}?x`, [framed(message)]],
  ['an unknown method, before any message', unknown, '/nope', []],
  ['an unknown method with bytes above ASCII', unknown, '/n\xf6pe', [framed(message)]],
  ['no message', invalid, getStock, []],
  ['half a message', invalid, getStock, [framed(message).subarray(0, 6)]],
  ['two messages', invalid, getStock, [framed(message), framed(message)]],
  ['an invalid timeout', invalid, getStock, [framed(message)], { 'grpc-timeout': 'soon' }],
  ['invalid compressed bytes', invalid, getStock, [framed(message, 1)], { 'grpc-encoding': 'gzip' }],
  ['an unknown compression', invalid, getStock, [framed(message, 1)], { 'grpc-encoding': 'br' }],
  ['a message that is too large', tooLarge, getStock, [framed(huge)]],
  [
    'a message that grows too large',
    tooLarge,
    getStock,
    [framed(gzipSync(huge), 1)],
    { 'grpc-encoding': 'gzip' },
  ],
])('%s is refused with a status like any other error', async (_title, refusal, path, writes, more) => {
  const { port } = await startTestServer();
  expect(await call(port, path, writes, more)).toEqual(refusal);
});

test.each(['\xe9l\xe9', 'a\tb', '\xff'])(
  'the invalid key %j reaches the domain and is refused',
  async (key) => {
    const loms = new MemoryLoms();
    loms.createOrder = async (_request, { idempotencyKey: sent = 'nothing' }) => {
      const key = keyOf('', sent, '');
      return key.ok ? refused(fixedRefusals.internal) : key;
    };
    const { port } = await startTestServer({ loms });
    const order = CreateOrderRequest.encode({ user: 1n, items: [{ sku: 1625903, count: 1 }] }).finish();
    const path = '/loms.order.v1.OrderService/CreateOrder';
    expect(await call(port, path, [framed(Buffer.from(order))], { 'idempotency-key': key })).toEqual(invalid);
  },
);

test.each(['Bearer \xe9.\xe9.\xe9', 'Bearer a\tb', '\xff'])(
  'the credentials %j reach their check and are refused as invalid',
  async (authorization) => {
    const authenticate = (sent: string | undefined) =>
      refused(sent === undefined ? fixedRefusals.credentialsMissing : fixedRefusals.credentialsInvalid);
    const { port } = await startTestServer({ authenticate });
    const refusal = { code: 16, reason: 'CREDENTIALS_INVALID' };
    expect(await call(port, getStock, [framed(message)], { authorization })).toEqual(refusal);
  },
);

test('metadata that cannot be parsed is not logged', async () => {
  const logged: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const { port } = await startTestServer({ logger });
  const session = await GrpcSession.open(port);
  onTestFinished(() => session.close());
  const headers = {
    ':method': 'POST',
    ':path': getStock,
    'content-type': 'application/grpc',
    password: 'secret\xff',
  };
  await session.send({ headers, writes: [framed(message)] });
  expect(logged.join()).toContain('metadata could not be read');
  expect(logged.join()).not.toContain('secret');
});

describe('the check of grpc-js internals', () => {
  const check = (change: (server: Server) => void) => {
    const server = new Server({ 'grpc.enable_channelz': 1 });
    change(server);
    return () => assertInternals(server, ServerCredentials.createInsecure());
  };

  test('passes when all of them are there', () => {
    expect(check(() => {})).not.toThrow();
  });

  test.each(['_channelzHandler', '_channelzSessionHandler', '_retrieveHandler'])(
    'throws without %s',
    (name) => {
      expect(check((server) => Object.assign(server, { [name]: undefined }))).toThrow(
        `has no Server.${name}`,
      );
    },
  );

  test('throws when channelz is off, since its handler receives the calls', () => {
    const server = new Server({ 'grpc.enable_channelz': 0 });
    expect(() => assertInternals(server, ServerCredentials.createInsecure())).toThrow('has no channelz');
  });

  test('throws when credentials have no options for TLS', () => {
    const credentials = Object.assign(ServerCredentials.createInsecure(), {
      _getConstructorOptions: undefined,
    });
    const server = new Server({ 'grpc.enable_channelz': 1 });
    expect(() => assertInternals(server, credentials as never)).toThrow('_getConstructorOptions');
  });

  test.each(['start', 'sendStatus', 'serializeMessage', 'decompressMessage'])(
    'throws when calls have no method %s',
    (name) => {
      const prototype = BaseServerInterceptingCall.prototype as unknown as Record<string, unknown>;
      const method = prototype[name];
      onTestFinished(() => void Object.assign(prototype, { [name]: method }));
      Object.assign(prototype, { [name]: undefined });
      expect(check(() => {})).toThrow(`has no ${name} of a call`);
    },
  );

  test('runs when the server starts', async () => {
    const starting = startTestServer({ connectionOptions: { 'grpc.enable_channelz': 0 } });
    await expect(starting).rejects.toThrow('this version of @grpc/grpc-js has no channelz');
  });
});
