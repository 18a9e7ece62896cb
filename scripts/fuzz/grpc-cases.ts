/** Cases of gRPC in valid HTTP/2: the fault is in the call, its framing or its message. */
import { deflateSync, gzipSync } from 'node:zlib';
import type { DescMethod } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import { framed } from '../../test/support/grpc-session.ts';
import { type CaseBody as CaseBodyOf, type Expectation, type GrpcCase, type Kind, keyOf } from './case.ts';
import { inPieces, randomBytes } from './http-bytes.ts';
import { expectationOf, faultyMessage, methods, pathOf, validFields } from './messages.ts';

type CaseBody = CaseBodyOf<GrpcCase>;
type Headers = GrpcCase['headers'];

export interface Call {
  readonly path: string;
  readonly message: Buffer;
}

const method = fc.constantFrom(...methods);

/** A call with a message that may be invalid, and the answer that the contract expects. */
const withExpectation = (method: DescMethod, message: Buffer): readonly [Call, Expectation] => [
  { path: pathOf(method), message },
  expectationOf(method, message),
];

export const valid: Arbitrary<Call> = method.chain((each) =>
  validFields(each.input).map((fields) => ({ path: pathOf(each), message: Buffer.concat(fields) })),
);
export const faulty = method.chain((each) =>
  faultyMessage(each.input).map((message) => withExpectation(each, message)),
);
const garbage = fc.tuple(method, randomBytes(500)).map((made) => withExpectation(...made));

function call(path: string, writes: readonly Buffer[], expected: Expectation, more: Headers = {}): CaseBody {
  const headers = {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(path.endsWith('/AdjustStock') && { 'idempotency-key': keyOf(Buffer.concat(writes)) }),
    ...more,
  };
  return { via: 'gRPC', headers, writes, expected };
}

export const plain = ({ path, message }: Call, expected: Expectation, more?: Headers) =>
  call(path, [framed(message)], expected, more);

const timeouts = [
  '',
  '0',
  'S',
  '1',
  '1x',
  '-1S',
  '1.5S',
  '0x1S',
  '1 S',
  'S1',
  '١S',
  '999999999S',
  '100000000H',
  '1\xffS',
];
const shortTimeouts = ['0n', '0S', '1n', '1u', '1m', '5m', '99999999H', '99999999M', '99999999S'];

const paths = [
  ...[
    '/',
    '',
    '/loms.order.v1.OrderService',
    '/loms.order.v1.OrderService/',
    '/loms.order.v1.OrderService/Nope',
  ],
  ...['/loms.order.v1.OrderService/createorder', '//', '/%', '/ä', '/constructor', '/__proto__'],
  ...[
    '/grpc.channelz.v1.Channelz/GetServers',
    '/loms.order.v1.OrderService/GetOrder?x',
    `/${'x'.repeat(8_000)}`,
  ],
];

/** Services of the server that are not of our contract; their errors carry no details. */
const otherServices = [
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

const contentTypes = [
  '',
  'application/json',
  'text/html',
  'application/grp',
  'application/grpc+json',
  'application/grpc-web',
  'application/grpc-web+proto',
  'grpc',
  'application/x-protobuf',
];
const grpcContentTypes = ['application/grpc+proto', 'application/grpc;x', 'application/grpc+proto; y=z'];

const names = [
  ...[
    'authorization',
    'idempotency-key',
    'x-request-id',
    'grpc-tags-bin',
    'x-bin',
    'grpc-trace-bin',
    'user-agent',
  ],
  ...['grpc-accept-encoding', 'grpc-previous-rpc-attempts', 'grpc-message', 'grpc-status', '__proto__'],
];

const values = fc.oneof(
  fc.constantFrom('', ' ', 'Bearer', 'Bearer a.b.c', 'Basic Og==', '-1', '!!!', '====', 'a,b', '"', '1'),
  fc.integer({ min: 200, max: 8_000 }).map((length) => 'v'.repeat(length)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[\0\r\n]/g, '.'),
  ),
);

/** The kinds of cases. */
export function grpcKinds(): Kind<GrpcCase>[] {
  return [...messageKinds(), ...framingKinds(), ...compressionKinds(), ...targetKinds(), ...metadataKinds()];
}

/** By their message. */
function messageKinds(): Kind<GrpcCase>[] {
  return [
    ['valid', 12, valid.map((each) => plain(each, 'accepted'))],
    ['a faulty message', 20, faulty.map((made) => plain(...made))],
    ['garbage as a message', 8, garbage.map((made) => plain(...made))],
  ];
}

/** By the framing of their messages. */
function framingKinds(): Kind<GrpcCase>[] {
  return [
    [
      'in pieces',
      3,
      valid.chain(({ path, message }) => inPieces(framed(message)).map((all) => call(path, all, 'accepted'))),
    ],
    [
      'a wrong length',
      6,
      fc.tuple(valid, fc.oneof(fc.nat(80), fc.nat(2 ** 32 - 1))).map(([{ path, message }, length]) => {
        return call(path, [framed(message, 0, length)], 'any');
      }),
    ],
    [
      'an undefined flag',
      4,
      fc.tuple(valid, fc.integer({ min: 1, max: 255 })).map(([{ path, message }, flag]) => {
        return call(path, [framed(message, flag)], 'any');
      }),
    ],
    [
      'truncated',
      4,
      valid.chain(({ path, message }) =>
        fc.nat(message.length + 4).map((end) => {
          return call(path, [framed(message).subarray(0, end)], 'refused');
        }),
      ),
    ],
    [
      'several messages',
      4,
      fc.tuple(valid, fc.integer({ min: 2, max: 300 })).map(([{ path, message }, count]) => {
        return call(path, [Buffer.concat(Array.from({ length: count }, () => framed(message)))], 'refused');
      }),
    ],
    ['no message', 2, valid.map(({ path }) => call(path, [], 'refused'))],
    [
      'too large',
      0.7,
      fc.tuple(valid, fc.integer({ min: 131_073, max: 700_000 })).map(([{ path }, size]) => {
        return call(path, [framed(Buffer.alloc(size))], 'refused');
      }),
    ],
    [
      'reset by the caller',
      4,
      fc.tuple(valid, fc.nat(13), fc.nat(30)).map(([{ path, message }, code, end]) => {
        return { ...call(path, [framed(message).subarray(0, end)], 'any'), reset: code };
      }),
    ],
  ];
}

/** By their compression. */
function compressionKinds(): Kind<GrpcCase>[] {
  return [
    [
      'compressed',
      3,
      fc.tuple(valid, fc.constantFrom('gzip', 'deflate')).map(([{ path, message }, encoding]) => {
        const packed = encoding === 'gzip' ? gzipSync(message) : deflateSync(message);
        return call(path, [framed(packed, 1)], 'accepted', { 'grpc-encoding': encoding });
      }),
    ],
    [
      'compressed, with a wrong or unknown encoding',
      5,
      fc
        .tuple(garbage, fc.constantFrom('gzip', 'deflate', 'identity', 'br', 'snappy', '', 'gzip,gzip'))
        .map(([[{ path, message }], encoding]) => {
          // The library accepts a compressed flag with the encoding `identity`.
          const expected = encoding === 'identity' ? 'any' : 'refused';
          return call(path, [framed(message, 1)], expected, { 'grpc-encoding': encoding });
        }),
    ],
    [
      'compressed, and very large',
      0.3,
      fc.tuple(valid, fc.constantFrom(200_000, 1_000_000, 30_000_000)).map(([{ path }, size]) => {
        return call(path, [framed(gzipSync(Buffer.alloc(size)), 1)], 'refused', { 'grpc-encoding': 'gzip' });
      }),
    ],
  ];
}

/** By method and content type. */
function targetKinds(): Kind<GrpcCase>[] {
  return [
    [
      'an unknown method',
      5,
      fc
        .oneof(fc.constantFrom(...paths), fc.webPath())
        .map((path) => call(path || '/', [framed(Buffer.alloc(0))], 'refused')),
    ],
    [
      'an unknown method in random bytes',
      1,
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => {
        const text = Buffer.from(bytes)
          .toString('latin1')
          .replaceAll(/[\0- \x7f]/g, '.');
        return call(`/${text}`, [], 'refused');
      }),
    ],
    [
      'another content type',
      2,
      fc
        .tuple(valid, fc.constantFrom(...contentTypes))
        .map(([each, type]) => plain(each, 'refused', { 'content-type': type })),
    ],
    [
      'another content type of gRPC',
      2,
      fc
        .tuple(valid, fc.constantFrom(...grpcContentTypes))
        .map(([each, type]) => plain(each, 'any', { 'content-type': type })),
    ],
    [
      'another HTTP method',
      3,
      fc
        .tuple(valid, fc.constantFrom('GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'X'))
        .map(([each, method]) => plain(each, 'any', { ':method': method })),
    ],
    [
      'another service',
      2,
      fc
        .tuple(fc.constantFrom(...otherServices), randomBytes(60))
        .map(([path, message]) => call(path, [framed(message)], 'any')),
    ],
  ];
}

/** By deadline and metadata. */
function metadataKinds(): Kind<GrpcCase>[] {
  return [
    [
      'an invalid timeout',
      3,
      fc
        .tuple(valid, fc.constantFrom(...timeouts))
        // The library accepts any text that contains a time.
        .map(([each, timeout]) => ({ ...plain(each, 'any', { 'grpc-timeout': timeout }), mayExpire: true })),
    ],
    [
      'a timeout that may pass',
      3,
      fc
        .tuple(valid, fc.constantFrom(...shortTimeouts))
        .map(([each, timeout]) => ({ ...plain(each, 'any', { 'grpc-timeout': timeout }), mayExpire: true })),
    ],
    [
      'odd metadata',
      8,
      fc
        .tuple(valid, fc.constantFrom(...names), values)
        .map(([each, name, value]) => plain(each, 'any', { [name]: value })),
    ],
    [
      'much metadata',
      1,
      fc
        .tuple(valid, fc.integer({ min: 20, max: 110 }))
        .map(([each, count]) => plain(each, 'any', manyHeaders(count))),
    ],
  ];
}

function manyHeaders(count: number): Headers {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'y']));
}

/** Whether a path is of a service that is not of our contract. */
export function isOtherService(path: unknown): boolean {
  return otherServices.includes(String(path));
}
