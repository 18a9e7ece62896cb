/** Replies to what is not HTTP, or too slow or too large to become a request, in the form of all errors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { malformedRequest } from '../refusals.ts';
import { errorBody } from './errors.ts';
import { stringifyJson } from './json.ts';

const answers: Record<string, readonly [status: string, refusal: Refusal]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', fixedRefusals.requestTooLarge],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', fixedRefusals.deadlineExceeded],
};

const badRequest = ['400 Bad Request', malformedRequest] as const;

/** The time that a client gets to read the reply and disconnect. */
const LINGER_MS = 2_000;

/** Connections that close after this reply, once earlier requests have theirs. */
const closing = new WeakSet<Socket>();

/**
 * For the server's event `clientError`: replies, where the connection still takes it, and closes. Complete
 * requests on the same connection get their replies first, or this one would be taken for theirs.
 *
 * @param running the replies that are not sent yet, in the order of their requests.
 */
export function answerBadHttp(
  error: NodeJS.ErrnoException,
  socket: Socket,
  running: Iterable<ServerResponse>,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (closing.has(socket)) return;
  closing.add(socket);
  const owed = [...running].filter(({ req }) => req.socket === socket);
  const last = owed.findLast(({ req }) => req.complete);
  const close = () => {
    // If the response has already started, just close.
    const hasStarted = owed.some(({ req, headersSent }) => headersSent && !req.complete);
    socket.end(hasStarted ? '' : rawAnswer(error));
    socket.setTimeout(LINGER_MS, () => socket.destroy());
  };
  if (last === undefined) close();
  else last.once('close', close);
}

function rawAnswer(error: NodeJS.ErrnoException): string {
  const [status, refusal] = answers[error.code ?? ''] ?? badRequest;
  const body = stringifyJson(errorBody(refusal));
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Whether a request names its host, as HTTP/1.1 requires. HTTP/1.0 does not, and some probes use it. */
export function hasHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host !== undefined || httpVersion === '1.0';
}

/** Refuses a request without a host. */
export function answerNoHost(outgoing: ServerResponse): void {
  answerBadRequest(400, outgoing);
}

/** For the server's event `checkExpectation`: only `100-continue` is supported. */
export function answerBadExpectation(_incoming: IncomingMessage, outgoing: ServerResponse): void {
  answerBadRequest(417, outgoing);
}

function answerBadRequest(status: number, outgoing: ServerResponse): void {
  const body = stringifyJson(errorBody(malformedRequest));
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length, connection: 'close' };
  outgoing.writeHead(status, headers).end(body);
}
