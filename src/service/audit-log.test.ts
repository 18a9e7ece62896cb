/** What a line of the audit log holds, and that it is bounded. The writes: test/contract/trail.test.ts. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import type { Subject } from '../domain/operations.ts';
import { accepted } from '../domain/outcome.ts';
import { AUDIT_SKUS_MAX, audited } from './audit-log.ts';

const lines: Record<string, unknown>[] = [];
const logger = pino(
  { level: 'error', base: null, timestamp: false },
  { write: (line: string) => void lines.push(JSON.parse(line)) },
);

async function lineOf(subject: Subject): Promise<unknown> {
  const write = audited(async () => accepted(undefined), 'write', { subjectOf: () => subject }, logger);
  await write(undefined, anyCall);
  return lines.pop();
}

test('a line names the address of a caller without a name, and an id exactly', async () => {
  expect(await lineOf({ orderId: 2n ** 63n - 1n })).toEqual({
    level: 30,
    operation: 'write',
    address: '127.0.0.1',
    orderID: '9223372036854775807',
    msg: 'audit',
  });
});

test('a line names a limited number of skus, and how many there are', async () => {
  const skus = Array.from({ length: AUDIT_SKUS_MAX + 1 }, (_, index) => index + 1);
  expect(await lineOf({ skus })).toMatchObject({ skus: skus.slice(0, -1), skuCount: AUDIT_SKUS_MAX + 1 });
});
