/** An HTTP/2 session that carries gRPC calls byte by byte, valid or not, which no gRPC library would send. */
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { setImmediate } from 'node:timers/promises';

/**
 * A message as gRPC frames it on the wire.
 *
 * @param flag whether it is compressed: 0 or 1, or an invalid value.
 * @param length that is stated for it, which may be wrong.
 */
export function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag);
  prefix.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([prefix, message]);
}

export interface GrpcBytes {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Each is written on its own, one after the other. */
  readonly writes: readonly Buffer[];
  /** The caller resets the stream with this code instead of ending it, and expects no response. */
  readonly reset?: number;
}

export interface GrpcResponse {
  /** Headers and trailers in one. */
  readonly fields: IncomingHttpHeaders;
  readonly body: Buffer;
}

const RESPONSE_LIMIT_MS = 8_000;

export class GrpcSession {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
    session.on('error', () => {});
  }

  static async open(port: number): Promise<GrpcSession> {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    await once(session, 'connect');
    return new GrpcSession(session);
  }

  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  close(): void {
    this.#session.destroy();
  }

  /**
   * Makes a call.
   *
   * @returns the response, or undefined when the caller reset the stream.
   * @throws when no response arrives in time or the service resets the stream.
   */
  async send({ headers, writes, reset }: GrpcBytes): Promise<GrpcResponse | undefined> {
    const stream = this.#session.request(headers as http2.OutgoingHttpHeaders, { endStream: false });
    const response = receive(stream);
    for (const bytes of writes) {
      if (!stream.writable) break;
      stream.write(bytes);
      if (writes.length > 1) await setImmediate();
    }
    if (reset !== undefined) {
      await setImmediate();
      stream.close(reset);
      await response;
      return undefined;
    }
    stream.end();
    const limit = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), RESPONSE_LIMIT_MS);
    const { fields, body } = await response;
    clearTimeout(limit);
    if (fields[':status'] === undefined) {
      throw new Error(`no response; the stream was reset with ${stream.rstCode}`);
    }
    return { fields, body };
  }
}

function receive(stream: ClientHttp2Stream): Promise<GrpcResponse> {
  let fields: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => {
    fields = { ...fields, ...headers };
  });
  stream.on('trailers', (trailers) => {
    fields = { ...fields, ...trailers };
  });
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('close', () => resolve({ fields, body: Buffer.concat(chunks) }));
  });
}
