/** gRPC calls without a gRPC library, so that a test can start a request without ending it. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { onTestFinished } from 'vitest';
import { StockServiceService as stock } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';
import { decodeStatus, reasonOf } from './status.ts';

export interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** The reason of its error, 'OK', or 'reset' when the stream ended without a status. */
  readonly answer: Promise<string>;
  /** Resolves when both sides have closed the stream. */
  readonly closed: Promise<unknown>;
}

export interface RawCalls {
  readonly session: ClientHttp2Session;
  /** Starts a call of GetStock, sends these bytes, and does not end it. */
  begin(bytes?: Uint8Array, headers?: Record<string, string>): RawCall;
}

/** Opens a connection, which is closed with the test. */
export async function rawCalls(port: number): Promise<RawCalls> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await once(session, 'remoteSettings');
  return {
    session,
    begin(bytes, headers = {}) {
      const standard = {
        ':method': 'POST',
        ':path': stock.getStock.path,
        'content-type': 'application/grpc',
      };
      const stream = session.request({ ...standard, ...headers }, { endStream: false });
      const closed = new Promise((resolve) => stream.on('error', () => {}).once('close', resolve));
      if (bytes !== undefined) stream.write(bytes);
      return { stream, closed, answer: answerOf(stream) };
    },
  };
}

function answerOf(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve) => {
    const read = (fields: Record<string, unknown>) => {
      if (fields['grpc-status'] === '0') resolve('OK');
      const details = fields[DETAILS_TRAILER];
      if (typeof details !== 'string') return;
      resolve(reasonOf(decodeStatus(details)) ?? '');
    };
    stream
      .on('response', read)
      .on('trailers', read)
      .on('close', () => resolve('reset'));
    stream.resume();
  });
}
