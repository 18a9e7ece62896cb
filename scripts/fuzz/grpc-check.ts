/** Whether an answer of gRPC is in the documented form. */
import { fromBinary } from '@bufbuild/protobuf';
import { codes, type Reason } from '../../src/domain/errors.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';
import type { GrpcResponse } from '../../test/support/grpc-session.ts';
import { decodeStatus } from '../../test/support/status.ts';
import { checkReason, type GrpcCase, must } from './case.ts';
import { isNeighbour } from './grpc-cases.ts';
import { methods, pathOf } from './messages.ts';
import { checkError } from './rest-check.ts';

const OK = 0;
/** Codes that tell of a fault of ours, as 5xx do. */
const faults: readonly number[] = [2, codes.INTERNAL, codes.UNAVAILABLE];
const known: readonly number[] = [OK, ...Object.values(codes)];

/** @throws WrongAnswer unless the answer is one that the contract lets a caller expect. */
export function checkGrpc(sent: GrpcCase, { fields, body }: GrpcResponse): void {
  const type = String(sent.headers['content-type']);
  if (!type.startsWith('application/grpc')) {
    must(Number(fields[':status']) === 415, `the HTTP status is ${fields[':status']}`);
    return;
  }
  must(Number(fields[':status']) === 200, `the HTTP status is ${fields[':status']}`);
  // An answer to HEAD has no place for a status behind its headers.
  if (sent.headers[':method'] === 'HEAD' && fields['grpc-status'] === undefined) return;
  const code = Number(fields['grpc-status'] ?? Number.NaN);
  const message = decodeURIComponent(String(fields['grpc-message'] ?? ''));
  // Whose time is up while a write is under way hears that nobody knows what became of it.
  const isUnknown = sent.mayExpire === true && code === codes.UNAVAILABLE;
  if (!isUnknown) checkCode(code, message);
  must(code !== codes.DEADLINE_EXCEEDED || sent.mayExpire === true, `the deadline is said to have passed`);
  // A caller's time is up in the library too, which knows nothing of details.
  if (code === codes.DEADLINE_EXCEEDED && fields[DETAILS_TRAILER] === undefined) return;
  if (isNeighbour(sent.headers[':path'])) return;
  if (code === OK) checkReply(sent, body);
  const reason = code === OK ? undefined : checkDetails(code, message, fields[DETAILS_TRAILER]);
  must(!isUnknown || reason === 'OUTCOME_UNKNOWN', `the time is up: ${message}`);
  checkReason(sent.expect, reason, message);
}

/** @throws WrongAnswer when a code is none of ours or tells of a fault of ours. */
export function checkCode(code: number, message = ''): void {
  must(known.includes(code) && !faults.includes(code), `code ${code}: ${message}`);
}

function checkReply({ headers }: GrpcCase, body: Buffer): void {
  const method = methods.find((each) => pathOf(each) === headers[':path']);
  must(method !== undefined, 'a method that does not exist has answered');
  must(body.length >= 5 && body.readUInt32BE(1) === body.length - 5, `a reply of ${body.length} bytes`);
  fromBinary(method.output, body.subarray(5));
}

function checkDetails(code: number, message: string, trailer: string | string[] | undefined): Reason {
  must(typeof trailer === 'string', `code ${code} (${message}) has no details`);
  const status = decodeStatus(trailer);
  must(
    status.code === code && status.message === message,
    `${code} ${message}, but in details ${status.code} ${status.message}`,
  );
  const [first] = status.details;
  must(first?.type === 'type.googleapis.com/google.rpc.ErrorInfo', `the first detail is ${first?.type}`);
  return checkError({ code, details: [first] });
}
