/** The form of a refusal over REST. */
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../domain/outcome.ts';
import {
  fixedRefusals,
  insufficientStock,
  orderNotFound,
  orderNotPayable,
  scopeMissing,
} from '../../domain/refusals.ts';
import { invalidFields } from '../../domain/violations.ts';
import { compressedBody, hostNotAllowed, originNotAllowed } from '../refusals.ts';
import { errorResponse } from './errors.ts';

const REQUEST_ID = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00';

/** The table of the contract, repeated on purpose. */
const table: [Refusal, code: number, status: number, retryAfter: boolean][] = [
  [invalidFields('CreateOrderRequest', ['user']), 3, 400, false],
  [compressedBody, 3, 415, false],
  [insufficientStock(1n, [{ sku: 1, requested: 2, available: 1n }]), 9, 400, false],
  [orderNotPayable(1n, 'failed'), 9, 400, false],
  [orderNotFound(1n), 5, 404, false],
  [fixedRefusals.credentialsMissing, 16, 401, false],
  [fixedRefusals.credentialsInvalid, 16, 401, false],
  [scopeMissing('orders:read'), 7, 403, false],
  [hostNotAllowed('evil.example'), 7, 403, false],
  [originNotAllowed('https://evil.example'), 7, 403, false],
  [fixedRefusals.keysUnavailable, 14, 503, true],
  [fixedRefusals.pathNotFound, 5, 404, false],
  [fixedRefusals.methodNotAllowed, 12, 405, false],
  [fixedRefusals.requestTooLarge, 8, 413, false],
  [fixedRefusals.queueFull, 8, 429, true],
  [fixedRefusals.internal, 13, 500, false],
  [fixedRefusals.databaseUnavailable, 14, 503, true],
  [fixedRefusals.shuttingDown, 14, 503, true],
  [fixedRefusals.outcomeUnknown, 14, 503, false],
  [fixedRefusals.deadlineExceeded, 4, 504, false],
];

async function bodyOf(response: Response) {
  return JSON.parse(await response.text());
}

describe('errorResponse', () => {
  test.each(table)('gives $reason its code and status', async (refusal, code, status, retryAfter) => {
    const response = errorResponse(refusal, REQUEST_ID);
    expect(response.status).toBe(status);
    expect(response.headers.has('retry-after')).toBe(retryAfter);
    expect(response.headers.get('content-type')).toBe('application/json');
    const body = await bodyOf(response);
    expect(body).toMatchObject({ code, message: refusal.message });
    expect(body.details[0]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: refusal.reason,
      domain: 'loms',
      metadata: refusal.metadata,
    });
  });

  test('lists every invalid field in a BadRequest', async () => {
    const body = await bodyOf(
      errorResponse(invalidFields('CreateOrderRequest', ['items[1].count']), REQUEST_ID),
    );
    expect(body.details[1]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'items[1].count', description: expect.stringContaining('from 1 to 65535') }],
    });
  });

  test('holds the failed order and every short line, digit for digit', async () => {
    const availableAt = 1_795_694_400_123_456_000n;
    const shortage = { sku: 4_294_967_295, requested: 5, available: 9_007_199_254_740_993n, availableAt };
    const text = await errorResponse(
      insufficientStock(9_007_199_254_740_995n, [shortage]),
      REQUEST_ID,
    ).text();
    expect(text).toContain(
      '{"@type":"type.googleapis.com/loms.order.v1.InsufficientStock","orderID":9007199254740995,' +
        '"shortages":[{"sku":4294967295,"requested":5,"available":9007199254740993,' +
        '"availableAt":"2026-11-26T12:00:00.123456Z"}]}',
    );
  });

  test('has the same retry delay in its header and its details', async () => {
    const response = errorResponse(fixedRefusals.queueFull, REQUEST_ID);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await bodyOf(response)).details[1]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.RetryInfo',
      retryDelay: '1s',
    });
  });

  test.each([
    ['a fixed refusal', fixedRefusals.internal, 1],
    ['another one', orderNotFound(1n), 1],
    ['one with a detail of its own', fixedRefusals.queueFull, 2],
  ])('%s ends with the id of the request, as in its header', async (_title, refusal, place) => {
    const response = errorResponse(refusal, REQUEST_ID);
    expect(response.headers.get('traceparent')).toBe(REQUEST_ID);
    const { details } = await bodyOf(response);
    expect(details).toHaveLength(place + 1);
    expect(details[place]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.RequestInfo',
      requestId: REQUEST_ID,
    });
  });
});
