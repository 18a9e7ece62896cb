/** Replies that are streams of server-sent events: their headers, and the sink that a stream writes to. */
import type { ServerResponse } from 'node:http';
import { BOOKMARK_MS } from '../../domain/events/watch.ts';
import { CHUNK_READ_MS, type Sink } from '../stream.ts';
import { connectionOf } from './connection.ts';
import { jsonHeadersOf, printError } from './errors.ts';

/** Clients reconnect after this time, in milliseconds. */
const RETRY_MS = 1_000;

const ownHeaders = {
  'content-type': 'text/event-stream',
  // Proxies must neither compress nor collect what is to arrive now.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** The headers of a stream of server-sent events. */
export function streamHeaders(requestId: string): Record<string, string> {
  return { ...jsonHeadersOf(requestId), ...ownHeaders };
}

/**
 * A connection on which nothing moves is cut by the system after this time, in milliseconds, if its peer has
 * vanished: Node.js probes ten times, once a second. That is before the next bookmark, behind which the
 * system would wait for minutes.
 */
const PROBE_AFTER_MS = 3_000;

/** The time to read the end of a stream, in milliseconds. */
const END_READ_MS = 10_000;

/** Opens a stream of server-sent events as the reply to a request. */
export function openSink(reply: ServerResponse, requestId: string): Sink {
  const { socket } = reply.req;
  const connection = connectionOf(socket);
  // It closes behind the stream: for another one a client takes a new connection, perhaps to another
  // instance.
  connection?.end();
  socket.setTimeout(BOOKMARK_MS + CHUNK_READ_MS);
  socket.setKeepAlive(true, PROBE_AFTER_MS);
  reply.on('error', () => {});
  reply.writeHead(200, streamHeaders(requestId));
  reply.write(`retry: ${RETRY_MS}\n\n`);
  return {
    write: (chunk, done) => void reply.write(chunk, () => done()),
    isClosing: () => connection?.isOld ?? false,
    end(refusal) {
      socket.setTimeout(END_READ_MS);
      if (refusal !== undefined) reply.write(`event: error\ndata: ${printError(refusal, requestId)}\n\n`);
      reply.end();
    },
    onClose(listener) {
      if (socket.destroyed) listener();
      else socket.once('close', listener);
    },
  };
}
