/** The contract, case by case, through REST and gRPC alike, on a real database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database.ts';
import { startService, type TestService } from '../service.ts';
import { cases, withoutId } from './cases.ts';

let database: TestDatabase;
let service: TestService;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService(database);
});

afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  test.each(cases)('$title', async ({ given, ask, request, reply, error, http }) => {
    const client = service[transport];
    const order = await given?.(client);
    const answer = await client.call(ask, request(order ?? 0n));
    expect(withoutId(answer, order)).toEqual(error === undefined ? { reply } : { error });
    if (transport === 'rest' && 'error' in answer) expect(answer.http).toBe(http);
  });
});
