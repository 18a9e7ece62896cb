/** How a refusal looks over REST. */
import { describe, expect, test } from 'vitest';
import {
  insufficientStock,
  invalidRequest,
  orderNotFound,
  orderNotPayable,
  type Refusal,
  scopeMissing,
  standing,
} from '../../domain/errors.ts';
import { errorResponse } from './errors.ts';

/** The contract's table, written a second time on purpose. */
const table: [Refusal, code: number, status: number, retryAfter: boolean][] = [
  [invalidRequest(['user']), 3, 400, false],
  [insufficientStock(1n, [{ sku: 1, requested: 2, available: 1n }]), 9, 400, false],
  [orderNotPayable(1n, 'failed'), 9, 400, false],
  [orderNotFound(1n), 5, 404, false],
  [standing.credentialsMissing, 16, 401, false],
  [standing.credentialsInvalid, 16, 401, false],
  [scopeMissing('orders:read'), 7, 403, false],
  [standing.keysUnavailable, 14, 503, true],
  [standing.pathNotFound, 5, 404, false],
  [standing.methodNotAllowed, 12, 405, false],
  [standing.requestTooLarge, 8, 413, false],
  [standing.queueFull, 8, 429, true],
  [standing.internal, 13, 500, false],
  [standing.databaseUnavailable, 14, 503, true],
  [standing.shuttingDown, 14, 503, true],
  [standing.outcomeUnknown, 14, 503, false],
  [standing.deadlineExceeded, 4, 504, false],
];

async function bodyOf(response: Response) {
  return JSON.parse(await response.text());
}

describe('errorResponse', () => {
  test.each(table)('answers $reason with its code and status', async (refusal, code, status, retryAfter) => {
    const response = errorResponse(refusal);
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

  test('names every bad field in a BadRequest', async () => {
    const body = await bodyOf(errorResponse(invalidRequest(['items[1].count'])));
    expect(body.details[1]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'items[1].count', description: expect.stringContaining('from 1 to 65535') }],
    });
  });

  test('names the failed order and every short line, digit for digit', async () => {
    const shortage = { sku: 4_294_967_295, requested: 5, available: 9_007_199_254_740_993n };
    const text = await errorResponse(insufficientStock(9_007_199_254_740_995n, [shortage])).text();
    expect(text).toContain(
      '{"@type":"type.googleapis.com/loms.order.v1.InsufficientStock","orderID":9007199254740995,' +
        '"shortages":[{"sku":4294967295,"requested":5,"available":9007199254740993}]}',
    );
  });

  test('says in header and details alike when to try again', async () => {
    const response = errorResponse(standing.queueFull);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await bodyOf(response)).details[1]).toEqual({
      '@type': 'type.googleapis.com/google.rpc.RetryInfo',
      retryDelay: '1s',
    });
  });

  test('carries no second detail where the refusal has none', async () => {
    expect((await bodyOf(errorResponse(standing.internal))).details).toHaveLength(1);
  });
});
