/** Cases of REST for an operation: valid requests, and ones with a fault in their content. */
import { gzipSync } from 'node:zlib';
import fc, { type Arbitrary } from 'fast-check';
import { type CaseBody, type Expectation, type Kind, keyOf, type RestCase } from './case.ts';
import {
  chunk,
  type Header,
  HOST,
  type HttpRequest,
  httpBytes,
  inPieces,
  JSON_TYPE,
  randomBytes,
} from './http-bytes.ts';
import { deepJson, faultyJson, validInteger, validJson } from './json.ts';
import {
  asNumber,
  type OpenApi,
  type Operation,
  operationsOf,
  type QueryParameter,
  type Schema,
} from './openapi.ts';

/** A request for an operation. */
export interface OperationRequest {
  readonly operation: Operation;
  readonly request: HttpRequest;
}

/** Valid requests for all operations of the document. */
export function validRequests(document: OpenApi): Arbitrary<OperationRequest> {
  return fc.constantFrom(...operationsOf(document)).chain((operation) => {
    const { parameter, query, body, method, path } = operation;
    const place = parameter
      ? validInteger(parameter).map((value) => fill(path, String(value)))
      : fc.constant(path);
    const target = fc.tuple(place, validQuery(query)).map(([at, text]) => at + text);
    const text = body ? validJson(document, body) : fc.constant(undefined);
    return fc.tuple(target, text).map(([at, json]) => ({
      operation,
      request: {
        method,
        target: at,
        headers: headersOf(path, json),
        ...(json !== undefined && { body: Buffer.from(json) }),
      },
    }));
  });
}

function headersOf(path: string, json: string | undefined): Header[] {
  if (json === undefined) return [HOST];
  if (path !== '/stock/adjust') return [HOST, JSON_TYPE];
  return [HOST, JSON_TYPE, ['Idempotency-Key', keyOf(Buffer.from(json))]];
}

/** Requests with one fault in their body, and the expected answers. */
export function faultyRequests(document: OpenApi): Arbitrary<[OperationRequest, Expectation]> {
  const withBody = validRequests(document).filter(({ request }) => request.body !== undefined);
  return withBody.chain(({ operation, request }) =>
    faultyJson(document, operation.body ?? {}).map(({ text, expected }) => [
      { operation, request: { ...request, body: Buffer.from(text) } },
      expected,
    ]),
  );
}

/** Some of the parameters of a query, with valid values. */
function validQuery(parameters: readonly QueryParameter[]): Arbitrary<string> {
  const values = parameters.flatMap(({ name, schema }) => {
    // A run has no time for replies that wait.
    const value = name === 'wait_seconds' ? undefined : validParameter(schema);
    return value === undefined ? [] : [value.map((text) => `${name}=${text}`)];
  });
  const chosen = fc.tuple(fc.tuple(...values), fc.nat(2 ** values.length - 1));
  return chosen.map(([all, mask]) => {
    const some = all.filter((_, index) => (mask >> index) % 2 === 1);
    return some.length === 0 ? '' : `?${some.join('&')}`;
  });
}

/** Undefined for page tokens, of which none can be made up. */
function validParameter(schema: Schema): Arbitrary<string> | undefined {
  if (schema.format === 'date-time') return fc.constantFrom('2026-11-26T12:00:00Z', '0001-01-01T00:00:00.1Z');
  if (schema.type === 'array') return fc.constantFrom(...(schema.items?.enum ?? [])).map(encodeURIComponent);
  if (schema.type === 'string') return undefined;
  return validInteger(asNumber(schema)).map(String);
}

function fill(path: string, parameter: string): string {
  return path.replace(/\{\w+\}/, parameter);
}

/** The case of one request on a connection that is kept. */
export function single({ operation, request }: OperationRequest, expected: Expectation): CaseBody<RestCase> {
  return whole([httpBytes(request)], operation, expected);
}

function whole(writes: readonly Buffer[], operation: Operation, expected: Expectation): CaseBody<RestCase> {
  const { method, name } = operation;
  return {
    via: 'REST',
    writes,
    requests: [{ method, operation: name, expected }],
    answersMin: 1,
    end: false,
  };
}

const contentTypes = [
  ...[
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '*/*',
    'json',
  ],
  ...['application/jsonx', 'application/', ';', 'application/xml', 'text/json', 'application/grpc'],
  ...[
    'application/json;charset=utf-16',
    'APPLICATION/JSON',
    'application/problem+json',
    'application/json,x',
  ],
];

/** Texts in a path that may not be a number. */
const pathText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map(encodeSafely),
  fc.constantFrom(
    '0',
    '-1',
    '01',
    '1.0',
    '1e3',
    '0x1',
    '+1',
    '1 ',
    '%31',
    '%00',
    '%2F',
    '%ff',
    '%',
    '%zz',
    '%c0%af',
  ),
  fc.constantFrom('9223372036854775807', '9223372036854775808', '4294967296', '%F0%9F%92%A9', '1%20', '١'),
  fc.integer({ min: 20, max: 4_000 }).map((digits) => '9'.repeat(digits)),
);

/** A lone surrogate has no percent-encoding; a Buffer turns it into a replacement character. */
function encodeSafely(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** The kinds of cases. */
export function operationKinds(document: OpenApi): Kind<RestCase>[] {
  const valid = validRequests(document);
  const operations = operationsOf(document);
  const withBody = valid.filter(({ request }) => request.body !== undefined);
  const bodies = (body: (base: OperationRequest) => Arbitrary<Buffer>) =>
    withBody.chain((base) =>
      body(base).map((bytes) => ({ ...base, request: { ...base.request, body: bytes } })),
    );
  const refused = (base: OperationRequest) => single(base, 'refused');

  return [
    ['valid', 12, valid.map((base) => single(base, 'accepted'))],
    ['a faulty body', 20, faultyRequests(document).map((faulty) => single(...faulty))],
    ['an invalid id in the path', 6, parameters(operations)],
    ['an invalid parameter in the query', 4, queries(operations)],
    ['garbage as a body', 5, bodies(() => randomBytes(2_000)).map(refused)],
    ['a text that is not JSON', 3, bodies(() => fc.string({ unit: 'binary' }).map(notAnObject)).map(refused)],
    ['JSON of another schema', 4, bodies(() => fc.json().map(notAnObject)).map(refused)],
    ['invalid UTF-8', 3, bodies(({ request }) => withBadBytes(request.body)).map(refused)],
    ['deep JSON', 1, bodies(() => deepJson.map(Buffer.from)).map(refused)],
    [
      'too large',
      0.5,
      bodies(() => fc.integer({ min: 131_073, max: 600_000 }).map(Buffer.alloc)).map(refused),
    ],
    ['compressed', 1, withBody.map(compressed).map(refused)],
    ['another content type', 3, withBody.chain(retyped)],
    ['a body in chunks', 3, withBody.chain(chunked)],
    ['too large, in chunks', 0.3, withBody.map(endlessChunks)],
    ['in pieces', 3, valid.chain(sliced)],
    ['GET with a body', 2, valid.filter(({ request }) => request.body === undefined).chain(unexpectedBody)],
  ];
}

function parameters(operations: readonly Operation[]): Arbitrary<CaseBody<RestCase>> {
  const varying = operations.filter(({ parameter }) => parameter !== undefined);
  return fc.tuple(fc.constantFrom(...varying), pathText).map(([operation, text]) => {
    const target = Buffer.from(fill(operation.path, text)).toString('latin1');
    const request = { method: operation.method, target, headers: [HOST] };
    return single({ operation, request }, mayBeId(text) ? 'any' : 'refused');
  });
}

function queries(operations: readonly Operation[]): Arbitrary<CaseBody<RestCase>> {
  const places = operations.flatMap((operation) =>
    operation.query.map(({ name, schema }) => ({ operation, name, schema })),
  );
  return fc.tuple(fc.constantFrom(...places), pathText).map(([{ operation, name, schema }, text]) => {
    const target = Buffer.from(`${fill(operation.path, '1')}?${name}=${text}`).toString('latin1');
    const request = { method: operation.method, target, headers: [HOST] };
    const isNumber = schema.type === 'integer' || schema.anyOf !== undefined;
    // The size of a page has no limit: a larger one is coerced.
    const isCoerced = schema.type === 'integer' && schema.maximum === undefined && /^\d+$/.test(text);
    const mayBeValid = isNumber && (isCoerced || mayBeId(text) || /^0?$/.test(text));
    return single({ operation, request }, mayBeValid ? 'any' : 'refused');
  });
}

/** Whether a text in a path may be a valid id. */
function mayBeId(text: string): boolean {
  try {
    return /^ *[1-9]\d{0,18} *$/.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

/** Turns an object into an array: a random text must not happen to be a valid request. */
function notAnObject(text: string): Buffer {
  return Buffer.from(text.startsWith('{') ? `[${text}]` : text);
}

function withBadBytes(body: Buffer = Buffer.alloc(0)): Arbitrary<Buffer> {
  const bad = fc.constantFrom(
    [0xff],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0x80],
    [0xe2, 0x82],
  );
  return fc.tuple(fc.nat(body.length), bad).map(([at, bytes]) => {
    return Buffer.concat([body.subarray(0, at), Buffer.from(bytes), body.subarray(at)]);
  });
}

function compressed({ operation, request }: OperationRequest): OperationRequest {
  const headers = [...request.headers, ['Content-Encoding', 'gzip'] as const];
  return { operation, request: { ...request, headers, body: gzipSync(request.body ?? '') } };
}

function retyped({ operation, request }: OperationRequest): Arbitrary<CaseBody<RestCase>> {
  return fc.constantFrom(...contentTypes, undefined).map((type) => {
    const headers = type === undefined ? [HOST] : [HOST, ['Content-Type', type] as const];
    return single({ operation, request: { ...request, headers } }, 'any');
  });
}

function inChunks({ request }: OperationRequest, pieces: readonly Buffer[], extension: string): Buffer {
  const { body: _, headers, ...rest } = request;
  const head = httpBytes({ ...rest, headers: [...headers, ['Transfer-Encoding', 'chunked']] });
  const chunks = pieces.filter((piece) => piece.length > 0).map((piece) => chunk(piece, extension));
  return Buffer.concat([head, ...chunks, Buffer.from('0\r\n\r\n')]);
}

function chunked(base: OperationRequest): Arbitrary<CaseBody<RestCase>> {
  const extension = fc.constantFrom('', ';a', ';a=b', ';a="b c"');
  return fc.tuple(inPieces(base.request.body ?? Buffer.alloc(0)), extension).chain(([pieces, each]) => {
    return inPieces(inChunks(base, pieces, each)).map((writes) => whole(writes, base.operation, 'accepted'));
  });
}

function endlessChunks(base: OperationRequest): CaseBody<RestCase> {
  const pieces = Array.from({ length: 9 }, () => Buffer.alloc(16_384, ' '));
  return whole([inChunks(base, pieces, '')], base.operation, 'refused');
}

function sliced({ operation, request }: OperationRequest): Arbitrary<CaseBody<RestCase>> {
  return inPieces(httpBytes(request)).map((writes) => whole(writes, operation, 'accepted'));
}

function unexpectedBody({ operation, request }: OperationRequest): Arbitrary<CaseBody<RestCase>> {
  return randomBytes(2_000).map((body) => single({ operation, request: { ...request, body } }, 'accepted'));
}
