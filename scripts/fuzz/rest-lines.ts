/** The cases for REST with a fault in how they say it: lines, headers, lengths, chunks, and no HTTP at all. */
import fc, { type Arbitrary } from 'fast-check';
import type { Ask, Made as MadeOf, RestCase } from './case.ts';
import { type Header, HOST, headBytes, httpBytes, inPieces, mutated, randomBytes } from './http-bytes.ts';
import type { Kind } from './kinds.ts';
import type { OpenApi } from './openapi.ts';
import { type Meant, single, validRequests } from './rest-cases.ts';

type Made = MadeOf<RestCase>;

/** Bytes of which nobody can say how many requests they are; the caller ends after them. */
const noise = (bytes: Buffer): Made => ({ via: 'REST', writes: [bytes], asks: [], answersMin: 0, end: true });

/** A request that is not for an operation, or that the transport refuses; it is answered. */
const stray = (bytes: Buffer, ask: Partial<Ask> = {}): Made => ({
  via: 'REST',
  writes: [bytes],
  asks: [{ method: 'GET', expect: 'any', ...ask }],
  answersMin: 1,
  end: false,
});

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
  'QUERY',
];

const targets = [
  ...[
    '/',
    '/nope',
    '/order',
    '/order/create/',
    '/order//create',
    '/order/info/',
    '/order/info/1/2',
    '/docs/../livez',
  ],
  ...['//', '//evil/livez', '/./livez', '/order/info/..', '/stock/info/1?x=1', '/stock/info/1#x', '/%6Civez'],
  ...[
    'http://loms/livez',
    'http://other:99999/livez',
    '*',
    'livez',
    '?',
    '/stock%2Finfo%2F1',
    '/\\livez',
    '/livez\x00',
  ],
  ...[
    '/docs',
    '/docs/',
    '/docs/package.json',
    '/docs/..%2f..%2fpackage.json',
    '/\xff\xfe',
    '/[',
    '/{sku}',
    '/:sku',
  ],
];

/** Header lines that mean something to the service, or to what stands in front of one. */
const knownNames = [
  ...['Idempotency-Key', 'Request-Timeout', 'Authorization', 'Accept', 'Accept-Encoding', 'Cookie', 'Range'],
  ...[
    'If-None-Match',
    'Forwarded',
    'X-Forwarded-For',
    'X-HTTP-Method-Override',
    'Connection',
    'Keep-Alive',
    'TE',
  ],
  ...['Trailer', 'Content-Encoding', 'Origin', 'Access-Control-Request-Method', 'traceparent', '__proto__'],
];

const knownValues = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    '99999999999999999999',
    'NaN',
    'Bearer',
    'Bearer ',
    'Bearer a.b.c',
    'Basic Og==',
  ],
  ...['Bearer eyJhbGciOiJub25lIn0.e30.', '"', '\xff\xfe', 'a,b', ';', '%00', '$(id)', '\t', 'close'],
];

const headerValue = fc.oneof(
  fc.constantFrom(...knownValues),
  fc.integer({ min: 200, max: 12_000 }).map((length) => 'v'.repeat(length)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[\0\r\n]/g, '.'),
  ),
);

/** Makes the kinds. */
export function lineKinds(document: OpenApi): Kind<RestCase>[] {
  const valid = validRequests(document);
  const posts = valid.filter(({ request }) => request.body !== undefined);
  return [
    [
      'method and path at random',
      6,
      fc.tuple(fc.constantFrom(...methods), fc.constantFrom(...targets)).map(strayAt),
    ],
    [
      'a method that is not the operation’s',
      3,
      fc.tuple(fc.constantFrom(...methods), valid).map(otherMethod),
    ],
    [
      'a random path',
      3,
      fc.webPath().map((path) => stray(httpBytes({ method: 'GET', target: path || '/', headers: [HOST] }))),
    ],
    ['a very long path', 0.5, fc.integer({ min: 5_000, max: 40_000 }).map(longPath)],
    ['a header of meaning', 8, fc.tuple(valid, fc.constantFrom(...knownNames), headerValue).map(withHeader)],
    ['many headers', 0.7, fc.tuple(valid, fc.integer({ min: 50, max: 3_000 })).map(manyHeaders)],
    ['a large header', 0.7, fc.tuple(valid, fc.integer({ min: 12_000, max: 40_000 })).map(largeHeader)],
    ['a header that is none', 3, fc.tuple(valid, fc.constantFrom(...badLines)).map(badLine)],
    ['Host missing, doubled or odd', 2, fc.tuple(valid, fc.constantFrom(...hosts)).map(withHosts)],
    ['lengths that contradict', 3, fc.tuple(posts, fc.constantFrom(...lengths)).map(withLengths)],
    ['bad chunks', 3, fc.tuple(posts, fc.constantFrom(...badChunks)).map(withChunks)],
    [
      'an expectation',
      2,
      fc.tuple(posts, fc.constantFrom('100-continue', '100-CONTINUE', 'x', '')).map(expecting),
    ],
    ['another version', 2, fc.tuple(valid, fc.constantFrom(...versions)).map(versioned)],
    ['an upgrade', 1, fc.tuple(valid, fc.constantFrom('websocket', 'h2c', 'TLS/1.0', 'x')).map(upgrading)],
    ['CONNECT', 0.5, fc.constant(noise(Buffer.from('CONNECT loms:443 HTTP/1.1\r\nHost: loms\r\n\r\n')))],
    ['pipelined', 4, fc.array(valid, { minLength: 2, maxLength: 8 }).map((all) => pipelined(all))],
    [
      'pipelined, garbage behind',
      3,
      fc.tuple(fc.array(valid, { minLength: 1, maxLength: 3 }), randomBytes(60)).map(garbageBehind),
    ],
    ['cut off', 4, valid.chain(cutOff)],
    ['bytes changed at random', 10, valid.chain(({ request }) => mutated(httpBytes(request))).map(noise)],
    [
      'bytes changed, in pieces',
      2,
      valid.chain(({ request }) => mutated(httpBytes(request))).chain(noiseInPieces),
    ],
    ['garbage', 4, randomBytes(400).map(noise)],
    ['another protocol', 1, fc.constantFrom(...protocols).map((text) => noise(Buffer.from(text, 'latin1')))],
  ];
}

function strayAt([method, target]: readonly [string, string]): Made {
  return stray(httpBytes({ method, target, headers: [HOST] }), { method });
}

function otherMethod([method, { request }]: readonly [string, Meant]): Made {
  return stray(httpBytes({ ...request, method }), { method });
}

function longPath(length: number): Made {
  return stray(httpBytes({ method: 'GET', target: `/stock/info/${'1'.repeat(length)}`, headers: [HOST] }));
}

function withHeaders({ operation, request }: Meant, added: readonly Header[], ask: Partial<Ask> = {}): Made {
  const { method } = request;
  const bytes = httpBytes({ ...request, headers: [...request.headers, ...added] });
  return stray(bytes, { method, operation: operation.name, ...ask });
}

function withHeader([meant, name, value]: readonly [Meant, string, string]): Made {
  return withHeaders(meant, [[name, value]], { mayExpire: name === 'Request-Timeout' });
}

function manyHeaders([meant, count]: readonly [Meant, number]): Made {
  return withHeaders(
    meant,
    Array.from({ length: count }, (_, index) => [`X-${index}`, 'y']),
  );
}

function largeHeader([meant, length]: readonly [Meant, number]): Made {
  return withHeaders(meant, [['X-Large', 'y'.repeat(length)]]);
}

const badLines = [
  'no colon',
  ' folded: x',
  'na me: x',
  ': x',
  'nämé: x',
  'x\x00: y',
  'x: \x00',
  'x: a\rb',
  'x : y',
  'x: a\nb',
];

function badLine([{ operation, request }, line]: readonly [Meant, string]): Made {
  const [first = Buffer.alloc(0), rest = ''] = splitFirstLine(httpBytes(request));
  const bytes = Buffer.concat([first, Buffer.from(`${line}\r\n`, 'latin1'), Buffer.from(rest)]);
  return stray(bytes, { method: request.method, operation: operation.name });
}

function splitFirstLine(bytes: Buffer): [Buffer, Buffer] {
  const end = bytes.indexOf('\r\n') + 2;
  return [bytes.subarray(0, end), bytes.subarray(end)];
}

const hosts = [
  [],
  ['a', 'b'],
  [''],
  ['a b'],
  ['['],
  ['loms:99999999'],
  ['l'.repeat(300)],
  ['user@loms'],
  ['\xff'],
  ['..'],
];

function withHosts([{ operation, request }, values]: readonly [Meant, readonly string[]]): Made {
  const others = request.headers.filter(([name]) => name !== HOST[0]);
  const headers = [...values.map((value): Header => ['Host', value]), ...others];
  return stray(httpBytes({ ...request, headers }), { method: request.method, operation: operation.name });
}

const lengths: readonly (readonly Header[])[] = [
  [['Content-Length', '-1']],
  [['Content-Length', '1x']],
  [['Content-Length', '']],
  [['Content-Length', '99999999999999999999999']],
  [
    ['Content-Length', '5'],
    ['Content-Length', '6'],
  ],
  [['Content-Length', '5, 6']],
  [
    ['Content-Length', '5'],
    ['Transfer-Encoding', 'chunked'],
  ],
  [['Transfer-Encoding', 'gzip']],
  [['Transfer-Encoding', 'gzip, chunked']],
  [['Transfer-Encoding', 'chunked, gzip']],
  [['Transfer-Encoding', 'xchunked']],
  [['Transfer-Encoding', '']],
  // Fewer than there are: what is left of the body is taken for the next request.
  [['Content-Length', '3']],
  // More than there are, and than is allowed.
  [['Content-Length', '200000']],
  [],
];

function withLengths([{ request }, added]: readonly [Meant, readonly Header[]]): Made {
  const head = headBytes({ ...request, headers: [...request.headers, ...added] });
  return noise(Buffer.concat([head, request.body ?? Buffer.alloc(0)]));
}

const badChunks = [
  ...[
    'x\r\n',
    '-1\r\nab\r\n',
    '5\r\nab\r\n',
    '2\r\nabcd\r\n',
    'ffffffffffffffffff\r\n',
    '2\nab\n',
    '\r\n',
    '0x2\r\nab\r\n',
  ],
  ...[
    '2;\x00\r\nab\r\n0\r\n\r\n',
    '2\r\nab0\r\n\r\n',
    ' 2\r\nab\r\n',
    '2\r\nab\r\n0\r\nno trailer\r\n\r\n',
    '7fffffff\r\n',
  ],
];

function withChunks([{ request }, text]: readonly [Meant, string]): Made {
  const headers: Header[] = [...request.headers, ['Transfer-Encoding', 'chunked']];
  return noise(Buffer.concat([headBytes({ ...request, headers }), Buffer.from(text, 'latin1')]));
}

function expecting([meant, value]: readonly [Meant, string]): Made {
  return withHeaders(meant, [['Expect', value]]);
}

const versions = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/1.1x', 'http/1.1', 'ICE/1.0', ''];

function versioned([{ request }, version]: readonly [Meant, string]): Made {
  return noise(httpBytes({ ...request, version }));
}

function upgrading([{ request }, to]: readonly [Meant, string]): Made {
  const headers: Header[] = [...request.headers, ['Connection', 'Upgrade'], ['Upgrade', to]];
  return noise(httpBytes({ ...request, headers }));
}

function pipelined(all: readonly Meant[], behind = Buffer.alloc(0)): Made {
  const asks = all.map((meant) => single(meant, 'accepted').asks[0] as Ask);
  const bytes = Buffer.concat([...all.map(({ request }) => httpBytes(request)), behind]);
  return { via: 'REST', writes: [bytes], asks, answersMin: asks.length, end: false };
}

/** What was well said before is answered before what follows is refused. */
function garbageBehind([all, garbage]: readonly [readonly Meant[], Buffer]): Made {
  const made = pipelined(all, Buffer.concat([Buffer.from('\x01'), garbage]));
  return { ...made, asks: [...made.asks, { method: 'GET', expect: 'refused' }], answersMin: all.length + 1 };
}

function cutOff({ request }: Meant): Arbitrary<Made> {
  const bytes = httpBytes(request);
  return fc.integer({ min: 1, max: bytes.length - 1 }).map((end) => noise(bytes.subarray(0, end)));
}

function noiseInPieces(bytes: Buffer): Arbitrary<Made> {
  return inPieces(bytes).map((writes) => ({ ...noise(bytes), writes }));
}

const protocols = [
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'SSH-2.0-OpenSSH_9.9\r\n',
  'EHLO loms\r\n',
  '*1\r\n$4\r\nPING\r\n',
  'GET /livez\r\n',
  '\r\n\r\nGET /livez HTTP/1.1\r\nHost: loms\r\n\r\n',
  'GET /livez HTTP/1.1\nHost: loms\n\n',
];
