/** Cases of REST with a fault in their HTTP: lines, headers, lengths, chunks, or no HTTP. */
import fc, { type Arbitrary } from 'fast-check';
import type { CaseBody as CaseBodyOf, Kind, RestCase, SentRequest } from './case.ts';
import { type Header, HOST, headBytes, httpBytes, inPieces, mutated, randomBytes } from './http-bytes.ts';
import type { OpenApi } from './openapi.ts';
import { type OperationRequest, single, validRequests } from './rest-cases.ts';

type CaseBody = CaseBodyOf<RestCase>;

/** Bytes that may hold any number of requests; the caller ends its side after them. */
const unparsed = (bytes: Buffer): CaseBody => ({
  via: 'REST',
  writes: [bytes],
  requests: [],
  answersMin: 0,
  end: true,
});

/** One request, of an operation or not, that is answered in any case. */
const answered = (bytes: Buffer, sent: Partial<SentRequest> = {}): CaseBody => ({
  via: 'REST',
  writes: [bytes],
  requests: [{ method: 'GET', expected: 'any', ...sent }],
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

/** Headers with a meaning to the service, or to a proxy in front of it. */
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

/** The kinds of cases. */
export function syntaxKinds(document: OpenApi): Kind<RestCase>[] {
  const valid = validRequests(document);
  const posts = valid.filter(({ request }) => request.body !== undefined);
  return [
    [
      'a random method and path',
      6,
      fc.tuple(fc.constantFrom(...methods), fc.constantFrom(...targets)).map(targeted),
    ],
    ['another method than the operation’s', 3, fc.tuple(fc.constantFrom(...methods), valid).map(otherMethod)],
    [
      'a random path',
      3,
      fc
        .webPath()
        .map((path) => answered(httpBytes({ method: 'GET', target: path || '/', headers: [HOST] }))),
    ],
    ['a very long path', 0.5, fc.integer({ min: 5_000, max: 40_000 }).map(longPath)],
    ['a known header', 8, fc.tuple(valid, fc.constantFrom(...knownNames), headerValue).map(withHeader)],
    ['many headers', 0.7, fc.tuple(valid, fc.integer({ min: 50, max: 3_000 })).map(manyHeaders)],
    ['a large header', 0.7, fc.tuple(valid, fc.integer({ min: 12_000, max: 40_000 })).map(largeHeader)],
    ['an invalid header line', 3, fc.tuple(valid, fc.constantFrom(...badLines)).map(badLine)],
    ['Host missing, repeated or invalid', 2, fc.tuple(valid, fc.constantFrom(...hosts)).map(withHosts)],
    ['contradictory lengths', 3, fc.tuple(posts, fc.constantFrom(...lengths)).map(withLengths)],
    ['invalid chunks', 3, fc.tuple(posts, fc.constantFrom(...badChunks)).map(withChunks)],
    [
      'an expectation',
      2,
      fc.tuple(posts, fc.constantFrom('100-continue', '100-CONTINUE', 'x', '')).map(expecting),
    ],
    ['another version', 2, fc.tuple(valid, fc.constantFrom(...versions)).map(versioned)],
    ['an upgrade', 1, fc.tuple(valid, fc.constantFrom('websocket', 'h2c', 'TLS/1.0', 'x')).map(upgrading)],
    ['CONNECT', 0.5, fc.constant(unparsed(Buffer.from('CONNECT loms:443 HTTP/1.1\r\nHost: loms\r\n\r\n')))],
    ['pipelined', 4, fc.array(valid, { minLength: 2, maxLength: 8 }).map((all) => pipelined(all))],
    [
      'pipelined, garbage at the end',
      3,
      fc.tuple(fc.array(valid, { minLength: 1, maxLength: 3 }), randomBytes(60)).map(garbageAfter),
    ],
    ['truncated', 4, valid.chain(cutOff)],
    ['randomly changed bytes', 10, valid.chain(({ request }) => mutated(httpBytes(request))).map(unparsed)],
    [
      'randomly changed bytes, in pieces',
      2,
      valid.chain(({ request }) => mutated(httpBytes(request))).chain(unparsedInPieces),
    ],
    ['garbage', 4, randomBytes(400).map(unparsed)],
    [
      'another protocol',
      1,
      fc.constantFrom(...protocols).map((text) => unparsed(Buffer.from(text, 'latin1'))),
    ],
  ];
}

function targeted([method, target]: readonly [string, string]): CaseBody {
  return answered(httpBytes({ method, target, headers: [HOST] }), { method });
}

function otherMethod([method, { operation, request }]: readonly [string, OperationRequest]): CaseBody {
  const sent = method === request.method ? { method, operation: operation.name } : { method };
  return answered(httpBytes({ ...request, method }), sent);
}

function longPath(length: number): CaseBody {
  return answered(httpBytes({ method: 'GET', target: `/stock/info/${'1'.repeat(length)}`, headers: [HOST] }));
}

function withHeaders(
  { operation, request }: OperationRequest,
  added: readonly Header[],
  sent: Partial<SentRequest> = {},
): CaseBody {
  const { method } = request;
  const bytes = httpBytes({ ...request, headers: [...request.headers, ...added] });
  return answered(bytes, { method, operation: operation.name, ...sent });
}

function withHeader([base, name, value]: readonly [OperationRequest, string, string]): CaseBody {
  return withHeaders(base, [[name, value]], { mayExpire: name === 'Request-Timeout' });
}

function manyHeaders([base, count]: readonly [OperationRequest, number]): CaseBody {
  return withHeaders(
    base,
    Array.from({ length: count }, (_, index) => [`X-${index}`, 'y']),
  );
}

function largeHeader([base, length]: readonly [OperationRequest, number]): CaseBody {
  return withHeaders(base, [['X-Large', 'y'.repeat(length)]]);
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

function badLine([{ operation, request }, line]: readonly [OperationRequest, string]): CaseBody {
  const [first = Buffer.alloc(0), rest = ''] = splitFirstLine(httpBytes(request));
  const bytes = Buffer.concat([first, Buffer.from(`${line}\r\n`, 'latin1'), Buffer.from(rest)]);
  return answered(bytes, { method: request.method, operation: operation.name });
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

function withHosts([{ operation, request }, values]: readonly [
  OperationRequest,
  readonly string[],
]): CaseBody {
  const others = request.headers.filter(([name]) => name !== HOST[0]);
  const headers = [...values.map((value): Header => ['Host', value]), ...others];
  return answered(httpBytes({ ...request, headers }), { method: request.method, operation: operation.name });
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
  // Shorter than the body: the rest of it is parsed as the next request.
  [['Content-Length', '3']],
  // Longer than the body, and than the limit.
  [['Content-Length', '200000']],
  [],
];

function withLengths([{ request }, added]: readonly [OperationRequest, readonly Header[]]): CaseBody {
  const head = headBytes({ ...request, headers: [...request.headers, ...added] });
  return unparsed(Buffer.concat([head, request.body ?? Buffer.alloc(0)]));
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

function withChunks([{ request }, text]: readonly [OperationRequest, string]): CaseBody {
  const headers: Header[] = [...request.headers, ['Transfer-Encoding', 'chunked']];
  return unparsed(Buffer.concat([headBytes({ ...request, headers }), Buffer.from(text, 'latin1')]));
}

function expecting([base, value]: readonly [OperationRequest, string]): CaseBody {
  return withHeaders(base, [['Expect', value]]);
}

const versions = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/1.1x', 'http/1.1', 'ICE/1.0', ''];

function versioned([{ request }, version]: readonly [OperationRequest, string]): CaseBody {
  return unparsed(httpBytes({ ...request, version }));
}

function upgrading([{ request }, to]: readonly [OperationRequest, string]): CaseBody {
  const headers: Header[] = [...request.headers, ['Connection', 'Upgrade'], ['Upgrade', to]];
  return unparsed(httpBytes({ ...request, headers }));
}

function pipelined(all: readonly OperationRequest[], after = Buffer.alloc(0)): CaseBody {
  const requests = all.map((base) => single(base, 'accepted').requests[0] as SentRequest);
  const bytes = Buffer.concat([...all.map(({ request }) => httpBytes(request)), after]);
  return { via: 'REST', writes: [bytes], requests, answersMin: requests.length, end: false };
}

/** Valid requests are answered before the garbage after them is refused. */
function garbageAfter([all, garbage]: readonly [readonly OperationRequest[], Buffer]): CaseBody {
  const made = pipelined(all, Buffer.concat([Buffer.from('\x01'), garbage]));
  return {
    ...made,
    requests: [...made.requests, { method: 'GET', expected: 'refused' }],
    answersMin: all.length + 1,
  };
}

function cutOff({ request }: OperationRequest): Arbitrary<CaseBody> {
  const bytes = httpBytes(request);
  return fc.integer({ min: 1, max: bytes.length - 1 }).map((end) => unparsed(bytes.subarray(0, end)));
}

function unparsedInPieces(bytes: Buffer): Arbitrary<CaseBody> {
  return inPieces(bytes).map((writes) => ({ ...unparsed(bytes), writes }));
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
