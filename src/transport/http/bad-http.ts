/** Replies to what is not HTTP, or too slow or too large to become a request, in the form of all errors. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { headTooLarge, malformedRequest } from '../refusals.ts';
import { requestIdOf } from '../traceparent.ts';
import { connectionOf } from './connection.ts';
import { jsonHeadersOf, printError } from './errors.ts';
import { HEAD_MAX_BYTES } from './limits.ts';
import { LINGER_MS } from './reply.ts';

const answers: Record<string, readonly [status: number, refusal: Refusal]> = {
  HPE_HEADER_OVERFLOW: [431, headTooLarge(HEAD_MAX_BYTES)],
  ERR_HTTP_REQUEST_TIMEOUT: [408, fixedRefusals.deadlineExceeded],
};

const badRequest = [400, malformedRequest] as const;

/** Connections that close after this reply, once earlier requests have theirs. */
const closing = new WeakSet<Socket>();

/**
 * For the server's event `clientError`: replies, where the connection still takes it, and closes. Complete
 * requests on the same connection get their replies first, or this one would be taken for theirs.
 */
export function answerBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (closing.has(socket)) return;
  closing.add(socket);
  const owed = connectionOf(socket)?.replies.slice() ?? [];
  const last = owed.findLast(({ req }) => req.complete);
  const close = () => {
    // If the response has already started, just close.
    const hasStarted = owed.some(({ req, headersSent }) => headersSent && !req.complete);
    socket.end(hasStarted ? '' : rawAnswer(error));
    // A timeout of the socket would begin again with each byte that the client sends.
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
  if (last === undefined) close();
  else last.once('close', close);
}

function rawAnswer(error: NodeJS.ErrnoException): string {
  const [status, refusal] = answers[error.code ?? ''] ?? badRequest;
  // What came is not a request, so it has no traceparent either.
  const requestId = requestIdOf();
  const body = printError(refusal, requestId);
  const length = Buffer.byteLength(body);
  const headers = { ...jsonHeadersOf(requestId), 'content-length': length, connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
