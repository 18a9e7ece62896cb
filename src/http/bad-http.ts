/** Answers what is not HTTP, or too slow or too large to become a request, in the form of all errors. */
import type { Duplex } from 'node:stream';
import { invalidRequest, type Refusal, standing } from '../domain/errors.ts';
import { errorBody } from './errors.ts';
import { stringifyJson } from './json.ts';

const answers: Record<string, readonly [status: string, refusal: Refusal]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', standing.requestTooLarge],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', standing.deadlineExceeded],
};

const badRequest = ['400 Bad Request', invalidRequest([''])] as const;

/** For the server's event `clientError`: says what was wrong, where anybody still listens, and hangs up. */
export function answerBadHttp(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, refusal] = answers[error.code ?? ''] ?? badRequest;
  const body = stringifyJson(errorBody(refusal));
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
