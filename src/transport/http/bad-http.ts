/** Answers what is not HTTP, or too slow or too large to become a request, in the form of all errors. */
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

/** So long a caller may take to hear the answer and hang up. */
const LINGER_MS = 2_000;

/** Connections whose caller is being told, once the requests before have been answered. */
const leaving = new WeakSet<Socket>();

/**
 * For the server's event `clientError`: says what was wrong, where anybody still listens, and hangs up. Requests
 * that came whole on the same connection are answered first, or this answer would be taken for theirs.
 *
 * @param inFlight the answers that the server owes, in the order of their requests.
 */
export function answerBadHttp(
  error: NodeJS.ErrnoException,
  socket: Socket,
  inFlight: Iterable<ServerResponse>,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (leaving.has(socket)) return;
  leaving.add(socket);
  const owed = [...inFlight].filter(({ req }) => req.socket === socket);
  const last = owed.findLast(({ req }) => req.complete);
  const hangUp = () => {
    // A request that turns out bad after its answer has begun has been told enough.
    const isTold = owed.some(({ req, headersSent }) => headersSent && !req.complete);
    socket.end(isTold ? '' : rawAnswer(error));
    socket.setTimeout(LINGER_MS, () => socket.destroy());
  };
  if (last === undefined) hangUp();
  else last.once('close', hangUp);
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

/** Whether a request says whom it is for, as HTTP/1.1 demands. HTTP/1.0 does not, and some probes speak it. */
export function hasHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host !== undefined || httpVersion === '1.0';
}

/** Refuses a request that says no host. */
export function answerNoHost(outgoing: ServerResponse): void {
  answerBadRequest(400, outgoing);
}

/** For the server's event `checkExpectation`: nothing but `100-continue` can be expected of us. */
export function answerBadExpectation(_incoming: IncomingMessage, outgoing: ServerResponse): void {
  answerBadRequest(417, outgoing);
}

function answerBadRequest(status: number, outgoing: ServerResponse): void {
  const body = stringifyJson(errorBody(malformedRequest));
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length, connection: 'close' };
  outgoing.writeHead(status, headers).end(body);
}
