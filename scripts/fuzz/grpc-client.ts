/** An HTTP/2 session that carries the calls of the cases, and a bare connection for what is no HTTP/2. */
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { flags, frame, readFrames, types } from '../support/frames.ts';
import { readStatus } from '../support/hpack.ts';
import { type FramesCase, type GrpcCase, must } from './case.ts';

export interface GrpcHeard {
  /** Headers and trailers in one. */
  readonly fields: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ANSWER_LIMIT_MS = 8_000;

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
   * @returns what was answered, or nothing when the caller reset the stream.
   * @throws WrongAnswer when no answer comes in time or the service resets the stream.
   */
  async say({ headers, writes, reset }: GrpcCase): Promise<GrpcHeard | undefined> {
    const stream = this.#session.request(headers as http2.OutgoingHttpHeaders, { endStream: false });
    const heard = hear(stream);
    for (const bytes of writes) {
      if (!stream.writable) break;
      stream.write(bytes);
      if (writes.length > 1) await setImmediate();
    }
    if (reset !== undefined) {
      await setImmediate();
      stream.close(reset);
      await heard;
      return undefined;
    }
    stream.end();
    const limit = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), ANSWER_LIMIT_MS);
    const { fields, body } = await heard;
    clearTimeout(limit);
    must(fields[':status'] !== undefined, `no answer; the stream was reset with ${stream.rstCode}`);
    return { fields, body };
  }
}

function hear(stream: ClientHttp2Stream): Promise<GrpcHeard> {
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

/** So long the service may wait for the rest of what was begun; then the caller goes away. */
const PATIENCE_MS = 100;

const PING = frame(types.ping, 0, 0, Buffer.from('fuzz run'));

/**
 * Says bytes on a connection of their own, waits until they have been looked at, and goes away.
 *
 * @returns the statuses of calls that were answered.
 */
export async function sayFrames(port: number, { bytes }: FramesCase): Promise<number[]> {
  const socket = connect({ port, host: '127.0.0.1' });
  const statuses: number[] = [];
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, PATIENCE_MS);
    const done = () => {
      clearTimeout(patience);
      resolve();
    };
    const onFrame = (type: number, flag: number, _stream: number, payload: Buffer) => {
      const isPong = type === types.ping && (flag & flags.ack) !== 0 && payload.equals(PING.subarray(-8));
      if (isPong || type === types.goAway) done();
      const status = type === types.headers && flag & flags.endStream ? readStatus(payload) : undefined;
      if (status !== undefined) statuses.push(status);
    };
    socket.on('data', readFrames({ onFrame }));
    socket.on('error', done);
    socket.on('close', done);
    socket.write(Buffer.concat([bytes, PING]));
  });
  socket.destroy();
  return statuses;
}
