/**
 * The one place that turns a refusal into a gRPC status.
 *
 * The status travels twice: as code and message, and once more as a `google.rpc.Status` with its details in
 * the trailer `grpc-status-details-bin`, where clients of all languages look for them.
 */
import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { codeOf, type Detail, ERROR_DOMAIN, type Refusal, standing } from '../../domain/errors.ts';
import type { Any } from '../../generated/proto/google/protobuf/any.ts';
import { BadRequest, ErrorInfo, RetryInfo } from '../../generated/proto/google/rpc/error_details.ts';
import { Status } from '../../generated/proto/google/rpc/status.ts';
import { InsufficientStock } from '../../generated/proto/loms/order/v1/order.ts';

/** The trailer that carries the encoded `google.rpc.Status`. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

/** The statuses of refusals that always say the same, made once: under overload they are most of the answers. */
const standingStatuses = new Map(
  Object.values(standing).map((refusal) => [refusal as Refusal, encode(refusal)]),
);

/** The gRPC status of a refusal: its code, its message and the trailer with all details, ErrorInfo first. */
export function statusOf(refusal: Refusal): StatusObject {
  const { code, message, trailer } = standingStatuses.get(refusal) ?? encode(refusal);
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, trailer);
  return { code, details: message, metadata };
}

function encode(refusal: Refusal): { code: number; message: string; trailer: Buffer } {
  const { reason, message } = refusal;
  const code = codeOf(refusal);
  const info = ErrorInfo.encode({ reason, domain: ERROR_DOMAIN, metadata: { ...refusal.metadata } });
  const details = [any('google.rpc.ErrorInfo', info)];
  if (refusal.detail !== undefined) details.push(detailOf(refusal.detail));
  return { code, message, trailer: Buffer.from(Status.encode({ code, message, details }).finish()) };
}

function detailOf(detail: Detail): Any {
  switch (detail.type) {
    case 'BadRequest': {
      const fieldViolations = detail.fieldViolations.map(({ field, description }) => ({
        field,
        description,
        reason: '',
        localizedMessage: undefined,
      }));
      return any('google.rpc.BadRequest', BadRequest.encode({ fieldViolations }));
    }
    case 'RetryInfo': {
      const retryDelay = { seconds: BigInt(detail.retryDelaySeconds), nanos: 0 };
      return any('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay }));
    }
    case 'InsufficientStock': {
      const { orderId, shortages } = detail;
      const message = InsufficientStock.encode({ orderId, shortages: [...shortages] });
      return any('loms.order.v1.InsufficientStock', message);
    }
  }
}

function any(type: string, message: { finish(): Uint8Array }): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(message.finish()) };
}
