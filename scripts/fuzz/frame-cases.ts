/** Cases of bytes for the gRPC port: invalid HTTP/2, frame by frame, or no HTTP/2. */
import fc, { type Arbitrary } from 'fast-check';
import { block, type Field, flags, frame, frameHeader, PREFACE, types } from '../../test/support/frames.ts';
import type { CaseBody as CaseBodyOf, FramesCase, Kind } from './case.ts';
import { randomBytes } from './http-bytes.ts';
import { methods, pathOf } from './messages.ts';

type CaseBody = CaseBodyOf<FramesCase>;

const NOTHING = Buffer.alloc(0);
const CONTINUATION = 9;
const framesCase = (...frames: readonly Buffer[]): CaseBody => ({
  via: 'frames',
  bytes: Buffer.concat([PREFACE, ...frames]),
});

const callFields: readonly Field[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', methods[0] ? pathOf(methods[0]) : ''],
  [':authority', 'loms'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

const oddFields: readonly (readonly Field[])[] = [
  [['te', 'gzip']],
  [['Upper', 'x']],
  [['connection', 'close']],
  [['transfer-encoding', 'chunked']],
  [['content-length', '7']],
  [['x', '\x00']],
  [['x', '\r\n']],
  [['', 'x']],
  [['na me', 'x']],
  [[':unknown', 'x']],
  [[':path', '/again']],
  [['grpc-timeout', '\xff']],
  [['authorization', 'Bearer \xff\xfe']],
  [['x-bin', '\xff']],
  [['x', 'y'.repeat(15_000)]],
];

/** A call with one empty message on a stream. */
function callOn(stream: number, fields: readonly Field[] = callFields, extra = NOTHING): Buffer {
  return Buffer.concat([
    frame(types.headers, flags.endHeaders, stream, Buffer.concat([block(fields), extra])),
    frame(types.data, flags.endStream, stream, Buffer.alloc(5)),
  ]);
}

function times(count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
}

const stream = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
  fc.nat(2 ** 32 - 1),
);

const anyFrame: Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(fc.nat(10), fc.nat(255)),
    fc.nat(255),
    stream,
    fc.oneof(randomBytes(120), fc.constant(block(callFields))),
  )
  .map(([type, flag, id, payload]) => frame(type, flag, id, payload));

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

function floods(count: number): CaseBody[] {
  return [
    framesCase(times(count, () => frame(types.ping, 0, 0, Buffer.alloc(8)))),
    framesCase(times(count, () => frame(types.settings, 0, 0, NOTHING))),
    framesCase(times(count, () => frame(types.settings, flags.ack, 0, NOTHING))),
    framesCase(
      times(count, (i) => Buffer.concat([callOn(2 * i + 1), frame(types.reset, 0, 2 * i + 1, uint32(8))])),
    ),
    framesCase(
      frame(types.headers, 0, 1, block(callFields)),
      times(count, () => frame(CONTINUATION, 0, 1, NOTHING)),
    ),
    framesCase(
      frame(types.headers, flags.endHeaders, 1, block(callFields)),
      times(count, () => frame(types.data, 0, 1, NOTHING)),
    ),
    framesCase(times(count, () => frame(types.windowUpdate, 0, 0, uint32(2 ** 24)))),
    framesCase(times(count, (i) => callOn(2 * i + 1))),
  ];
}

const single: readonly CaseBody[] = [
  framesCase(frame(types.windowUpdate, 0, 0, uint32(0))),
  framesCase(frame(types.windowUpdate, 0, 0, uint32(2 ** 31 - 1))),
  framesCase(frame(types.data, 0, 0, Buffer.alloc(5))),
  framesCase(frame(types.data, 0, 99, Buffer.alloc(5))),
  framesCase(frame(types.headers, flags.endHeaders, 2, block(callFields))),
  framesCase(frame(CONTINUATION, flags.endHeaders, 1, block(callFields))),
  framesCase(frame(types.goAway, 0, 0, Buffer.alloc(8))),
  framesCase(frame(types.ping, 0, 0, Buffer.alloc(7))),
  framesCase(frame(types.settings, 0, 0, Buffer.alloc(5))),
  framesCase(frame(types.settings, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(2 ** 32 - 1)]))),
  framesCase(frame(types.settings, 0, 0, Buffer.concat([Buffer.of(0, 5), uint32(1)]))),
  framesCase(frameHeader(2 ** 24 - 1, types.data, 0, 1), Buffer.alloc(1_000)),
  framesCase(callOn(1), callOn(1)),
  framesCase(callOn(5), callOn(3)),
];

const otherProtocols = [
  'GET / HTTP/1.1\r\nHost: loms\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
];

/** The kinds of cases. */
export function frameKinds(): Kind<FramesCase>[] {
  const call = callOn(1);
  return [
    [
      'random frames',
      8,
      fc.array(anyFrame, { minLength: 1, maxLength: 6 }).map((frames) => framesCase(...frames)),
    ],
    ['an invalid frame', 5, fc.constantFrom(...single)],
    [
      'an invalid header field',
      5,
      fc.constantFrom(...oddFields).map((odd) => framesCase(callOn(1, [...callFields, ...odd]))),
    ],
    [
      'a missing header field',
      3,
      fc.subarray([...callFields]).map((fields) => framesCase(callOn(1, fields))),
    ],
    ['invalid HPACK', 4, randomBytes(200).map((bytes) => framesCase(callOn(1, callFields, bytes)))],
    ['a truncated call', 4, fc.nat(call.length).map((end) => framesCase(call.subarray(0, end)))],
    [
      'a call with a changed byte',
      6,
      fc
        .tuple(fc.nat(call.length - 1), fc.nat(255))
        .map(([at, byte]) => framesCase(call.with(at, byte) as Buffer)),
    ],
    ['a flood', 0.7, fc.integer({ min: 20, max: 300 }).chain((count) => fc.constantFrom(...floods(count)))],
    [
      'no HTTP/2',
      3,
      fc
        .oneof(
          fc.constantFrom(...otherProtocols).map((each) => Buffer.from(each, 'latin1')),
          randomBytes(300),
        )
        .map((bytes) => ({ via: 'frames' as const, bytes })),
    ],
  ];
}
