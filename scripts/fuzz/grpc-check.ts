/** Checks that an answer of gRPC is in the documented form. */
import { fromBinary } from '@bufbuild/protobuf';
import { codes, type Reason } from '../../src/domain/errors.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';
import type { GrpcResponse } from '../../test/support/grpc-session.ts';
import { decodeStatus } from '../../test/support/status.ts';
import { checkReason, expect, type GrpcCase } from './case.ts';
import { isOtherService } from './grpc-cases.ts';
import { methods, pathOf } from './messages.ts';
import { checkError } from './rest-check.ts';

const OK = 0;
/** Codes of a fault of the service, like 5xx. */
const serverErrors: readonly number[] = [2, codes.INTERNAL, codes.UNAVAILABLE];
const known: readonly number[] = [OK, ...Object.values(codes)];

/** @throws WrongAnswer unless the contract allows the answer. */
export function checkGrpc(sent: GrpcCase, { fields, body }: GrpcResponse): void {
  const { 'content-type': type, ':method': method } = sent.headers;
  const isGrpc = /^application\/grpc(\+proto)?(;|$)/.test(String(type));
  const status = isGrpc ? (method === 'POST' ? 200 : 405) : 415;
  expect(Number(fields[':status']) === status, `the HTTP status is ${fields[':status']}`);
  if (status !== 200) return;
  const code = Number(fields['grpc-status'] ?? Number.NaN);
  const message = decodeURIComponent(String(fields['grpc-message'] ?? ''));
  // At its deadline a write under way is answered with an unknown outcome.
  const isUnknown = sent.mayExpire === true && code === codes.UNAVAILABLE;
  const isUnchecked = sent.expected === 'forged' && code === codes.UNAVAILABLE;
  if (!isUnknown && !isUnchecked) checkCode(code, message);
  expect(
    code !== codes.DEADLINE_EXCEEDED || sent.mayExpire === true,
    'the deadline passed without one being set',
  );
  // The library also ends calls at their deadline, without details.
  if (code === codes.DEADLINE_EXCEEDED && fields[DETAILS_TRAILER] === undefined) return;
  if (isOtherService(sent.headers[':path'])) return;
  if (code === OK) checkReply(sent, body);
  const reason = code === OK ? undefined : checkDetails(code, message, fields[DETAILS_TRAILER]);
  expect(!isUnknown || reason === 'OUTCOME_UNKNOWN', `after the deadline: ${message}`);
  checkReason(sent.expected, reason, message, String(sent.headers[':path']));
}

/** @throws WrongAnswer when a code is not documented, or of a fault of the service. */
export function checkCode(code: number, message = ''): void {
  expect(known.includes(code) && !serverErrors.includes(code), `code ${code}: ${message}`);
}

function checkReply({ headers }: GrpcCase, body: Buffer): void {
  const method = methods.find((each) => pathOf(each) === headers[':path']);
  expect(method !== undefined, 'an unknown method has answered');
  expect(body.length >= 5 && body.readUInt32BE(1) === body.length - 5, `a reply of ${body.length} bytes`);
  fromBinary(method.output, body.subarray(5));
}

function checkDetails(code: number, message: string, trailer: string | string[] | undefined): Reason {
  expect(typeof trailer === 'string', `code ${code} (${message}) has no details`);
  const status = decodeStatus(trailer);
  expect(
    status.code === code && status.message === message,
    `${code} ${message}, but in details ${status.code} ${status.message}`,
  );
  const [first] = status.details;
  expect(first?.type === 'type.googleapis.com/google.rpc.ErrorInfo', `the first detail is ${first?.type}`);
  return checkError({ code, details: [first] });
}
