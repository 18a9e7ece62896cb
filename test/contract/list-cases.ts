/** The contract of lists as a table; see cases.ts. Whole walks over pages are in list-orders.test.ts. */
import { expect } from 'vitest';
import { type Case, createOrder, INT64, invalid, none, PLENTY, SOLD_OUT, shown } from './cases.ts';

const STATUSES = 'must be at most 5, each one of: new, awaiting payment, failed, payed, cancelled';
const PAGE_TOKEN =
  'must be a text of at most 255 characters: the nextPageToken of a page with the same filters';

export const listCases: readonly Case[] = [
  {
    title: 'the orders of a user are listed, newest first',
    given: async (client) => {
      await createOrder(client, SOLD_OUT, 1);
      return createOrder(client);
    },
    ask: 'listOrders',
    request: () => ({ user: 1n, pageSize: 1, status: ['awaiting payment'] }),
    reply: {
      orders: [{ orderID: '<order>', ...shown('awaiting payment', PLENTY) }],
      nextPageToken: expect.stringMatching(/^[\w-]{32}$/),
    },
  },
  {
    title: 'a user without orders has an empty list',
    ask: 'listOrders',
    request: () => ({ user: none() - 1n }),
    reply: { orders: [] },
  },
  {
    title: 'a filter that selects nothing gives an empty list',
    ask: 'listOrders',
    request: () => ({ user: 1n, createdAfter: '9999-12-31T23:59:59.999999999Z', pageSize: 5_000 }),
    reply: { orders: [] },
  },
  {
    title: 'a list of user 0',
    ask: 'listOrders',
    request: () => ({ user: 0n }),
    ...invalid(['user', INT64]),
  },
  {
    title: 'a page of negative size',
    ask: 'listOrders',
    request: () => ({ pageSize: -1 }),
    ...invalid(['pageSize', 'must be a whole number from 0 to 2147483647']),
  },
  {
    title: 'an unknown status in a filter',
    ask: 'listOrders',
    request: () => ({ status: ['payed', 'paid'] }),
    ...invalid(['status[1]', STATUSES]),
  },
  {
    title: 'too many statuses in a filter',
    ask: 'listOrders',
    request: () => ({ status: Array.from({ length: 6 }, () => 'payed') }),
    ...invalid(['status', STATUSES]),
  },
  {
    title: 'a made-up page token',
    ask: 'listOrders',
    request: () => ({ pageToken: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    ...invalid(['pageToken', PAGE_TOKEN]),
  },
  {
    title: 'a page token that is too long',
    ask: 'listOrders',
    request: () => ({ pageToken: 'A'.repeat(256) }),
    ...invalid(['pageToken', PAGE_TOKEN]),
  },
];
