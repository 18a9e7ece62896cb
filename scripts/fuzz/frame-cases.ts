/** The cases for the gRPC port that are bad HTTP/2 or none at all, frame by frame. */
import fc, { type Arbitrary } from 'fast-check';
import { flags, frame, frameHeader, PREFACE, types } from '../lib/frames.ts';
import type { FramesCase, Made as MadeOf } from './case.ts';
import { randomBytes } from './http-bytes.ts';
import type { Kind } from './kinds.ts';
import { methods, pathOf } from './messages.ts';

type Made = MadeOf<FramesCase>;
type Field = readonly [name: string, value: string];

const NOTHING = Buffer.alloc(0);
const CONTINUATION = 9;
const made = (...frames: readonly Buffer[]): Made => ({
  via: 'frames',
  bytes: Buffer.concat([PREFACE, ...frames]),
});

/** Fields that are added to no table, so that any bytes can stand in them. */
function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** A string as HPACK writes it, with a length of up to 16,000. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const more = bytes.length - 127;
  return Buffer.concat([Buffer.of(127, (more & 127) | 128, more >> 7), bytes]);
}

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

/** A call of one empty message on a stream. */
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

function floods(count: number): Made[] {
  return [
    made(times(count, () => frame(types.ping, 0, 0, Buffer.alloc(8)))),
    made(times(count, () => frame(types.settings, 0, 0, NOTHING))),
    made(times(count, () => frame(types.settings, flags.ack, 0, NOTHING))),
    made(
      times(count, (i) => Buffer.concat([callOn(2 * i + 1), frame(types.reset, 0, 2 * i + 1, uint32(8))])),
    ),
    made(
      frame(types.headers, 0, 1, block(callFields)),
      times(count, () => frame(CONTINUATION, 0, 1, NOTHING)),
    ),
    made(
      frame(types.headers, flags.endHeaders, 1, block(callFields)),
      times(count, () => frame(types.data, 0, 1, NOTHING)),
    ),
    made(times(count, () => frame(types.windowUpdate, 0, 0, uint32(2 ** 24)))),
    made(times(count, (i) => callOn(2 * i + 1))),
  ];
}

const single: readonly Made[] = [
  made(frame(types.windowUpdate, 0, 0, uint32(0))),
  made(frame(types.windowUpdate, 0, 0, uint32(2 ** 31 - 1))),
  made(frame(types.data, 0, 0, Buffer.alloc(5))),
  made(frame(types.data, 0, 99, Buffer.alloc(5))),
  made(frame(types.headers, flags.endHeaders, 2, block(callFields))),
  made(frame(CONTINUATION, flags.endHeaders, 1, block(callFields))),
  made(frame(types.goAway, 0, 0, Buffer.alloc(8))),
  made(frame(types.ping, 0, 0, Buffer.alloc(7))),
  made(frame(types.settings, 0, 0, Buffer.alloc(5))),
  made(frame(types.settings, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(2 ** 32 - 1)]))),
  made(frame(types.settings, 0, 0, Buffer.concat([Buffer.of(0, 5), uint32(1)]))),
  made(frameHeader(2 ** 24 - 1, types.data, 0, 1), Buffer.alloc(1_000)),
  made(callOn(1), callOn(1)),
  made(callOn(5), callOn(3)),
];

const strangers = [
  'GET / HTTP/1.1\r\nHost: loms\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
];

/** Makes the kinds. */
export function frameKinds(): Kind<FramesCase>[] {
  const call = callOn(1);
  return [
    [
      'frames at random',
      8,
      fc.array(anyFrame, { minLength: 1, maxLength: 6 }).map((frames) => made(...frames)),
    ],
    ['a frame that may not be', 5, fc.constantFrom(...single)],
    [
      'header fields that may not be',
      5,
      fc.constantFrom(...oddFields).map((odd) => made(callOn(1, [...callFields, ...odd]))),
    ],
    ['a header field is missing', 3, fc.subarray([...callFields]).map((fields) => made(callOn(1, fields)))],
    ['bad HPACK', 4, randomBytes(200).map((bytes) => made(callOn(1, callFields, bytes)))],
    ['a call, cut off', 4, fc.nat(call.length).map((end) => made(call.subarray(0, end)))],
    [
      'a call, bytes changed',
      6,
      fc.tuple(fc.nat(call.length - 1), fc.nat(255)).map(([at, byte]) => made(call.with(at, byte) as Buffer)),
    ],
    ['a flood', 0.7, fc.integer({ min: 20, max: 300 }).chain((count) => fc.constantFrom(...floods(count)))],
    [
      'no HTTP/2',
      3,
      fc
        .oneof(
          fc.constantFrom(...strangers).map((each) => Buffer.from(each, 'latin1')),
          randomBytes(300),
        )
        .map((bytes) => ({ via: 'frames' as const, bytes })),
    ],
  ];
}
