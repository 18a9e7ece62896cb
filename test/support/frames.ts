/** The HTTP/2 frames (RFC 9113) that tests, the load generator and the fuzz run need. */

export const types = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const flags = { ack: 0x1, endStream: 0x1, endHeaders: 0x4 } as const;

const HEADER_BYTES = 9;

export function frameHeader(length: number, type: number, flag: number, stream: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flag;
  header.writeUInt32BE(stream, 5);
  return header;
}

export function frame(type: number, flag: number, stream: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHeader(payload.length, type, flag, stream), payload]);
}

const HEADER_TABLE_SIZE = 1;
const ENABLE_PUSH = 2;

function settings(values: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  for (const [index, [name, value]] of values.entries()) {
    payload.writeUInt16BE(name, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frame(types.settings, 0, 0, payload);
}

/** How much the server may send on a connection: more than in any run. */
const RECEIVE_WINDOW_BYTES = 2 ** 30;

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(types.windowUpdate, 0, 0, payload);
}

/**
 * What a client sends first. It allows no header table, so that a status can be read from its block alone,
 * and a window that lasts for the whole connection.
 */
export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  settings([
    [HEADER_TABLE_SIZE, 0],
    [ENABLE_PUSH, 0],
  ]),
  windowUpdate(RECEIVE_WINDOW_BYTES),
]);

export type Field = readonly [name: string, value: string];

/** A header block whose fields are not added to HPACK's table, so that they can hold any bytes. */
export function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** A string in HPACK's encoding, up to a length of 16,000. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const more = bytes.length - 127;
  return Buffer.concat([Buffer.of(127, (more & 127) | 128, more >> 7), bytes]);
}

const MAX_CONCURRENT_STREAMS = 3;

/** The number of streams that a peer's settings allow, or undefined when they do not limit it. */
export function readStreamsMax(payload: Buffer): number | undefined {
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) return payload.readUInt32BE(at + 2);
  }
  return undefined;
}

export interface FrameHandler {
  onFrame(type: number, flag: number, stream: number, payload: Buffer): void;
}

/** Returns a function that takes a socket's bytes and passes on the frames in them. */
export function readFrames(handler: FrameHandler): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  return (chunk) => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (data.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + data.readUIntBE(at, 3);
      if (end > data.length) break;
      const stream = data.readUInt32BE(at + 5) & 0x7fffffff;
      handler.onFrame(data[at + 3] ?? 0, data[at + 4] ?? 0, stream, data.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    rest = at === data.length ? undefined : data.subarray(at);
  };
}
