/** The contract's cases of orders created with an idempotency key. */
import { expect } from 'vitest';
import type { Client } from '../support/client.ts';
import { type Case, create, created, createOrder, info, invalid, PLENTY, SOLD_OUT, short } from './cases.ts';

const KEY = 'must be 1 to 255 printable ASCII characters, sent once';

const keyed = (sku: number, count: number) => (client: Client, freshKey: string) =>
  createOrder(client, sku, count, freshKey);

export const keyCases: readonly Case[] = [
  {
    title: 'an order with a new key is created',
    ...create([PLENTY, 1]),
    keys: (freshKey) => [freshKey],
    reply: created,
  },
  {
    title: 'the same key and request: the first order, marked as a replay',
    given: keyed(PLENTY, 3),
    ...create([PLENTY, 1], [PLENTY, 2]),
    keys: (freshKey) => [freshKey],
    reply: created,
    replayed: true,
  },
  {
    title: 'the same key and request: the first refusal, marked as a replay',
    given: keyed(SOLD_OUT, 3),
    ...create([SOLD_OUT, 3]),
    keys: (freshKey) => [freshKey],
    ...short([SOLD_OUT, 3, 0n]),
    replayed: true,
  },
  {
    title: 'the same key with another request is refused',
    given: keyed(PLENTY, 3),
    ...create([PLENTY, 2]),
    keys: (freshKey) => [freshKey],
    error: {
      code: 3n,
      message: 'the idempotency key was used with another request',
      details: [
        info('IDEMPOTENCY_KEY_REUSED'),
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [
            { field: 'idempotency-key', description: 'must be a new one for each different request' },
          ],
        },
      ],
    },
    http: 400,
  },
  {
    title: 'a key of 255 characters is accepted',
    ...create([PLENTY, 1]),
    keys: (freshKey) => [freshKey.padEnd(255, '~ !')],
    reply: created,
  },
  ...[
    { title: 'a key of 256 characters is refused', keys: (freshKey: string) => [freshKey.padEnd(256, 'k')] },
    { title: 'an empty key is refused', keys: () => [''] },
    { title: 'two keys are refused', keys: (freshKey: string) => [freshKey, `${freshKey}2`] },
    { title: 'the same key twice is refused', keys: (freshKey: string) => [freshKey, freshKey] },
  ].map((each) => ({ ...each, ...create([PLENTY, 1]), ...invalid(['idempotency-key', KEY]) })),
  {
    title: 'an invalid request does not use up its key',
    given: async (client, freshKey) => {
      await createOrder(client, PLENTY, 0, freshKey);
      return 0n;
    },
    ...create([PLENTY, 1]),
    keys: (freshKey) => [freshKey],
    reply: { ...created, orderID: expect.any(BigInt) },
  },
];
