/** The lists of the feed over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { ListedEvents } from '../../domain/events/list.ts';
import type { Loms } from '../../domain/operations.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { StockChanges } from '../../domain/stock/changes.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { event, printEvent } from './event-json.ts';
import { asText, choice, choices, exampleToken, int64, pageFields, uint32 } from './fields.ts';
import { responses } from './openapi.ts';
import { parameterReader } from './request.ts';
import { route } from './route.ts';
import { printStock, stock } from './stock.ts';

const tags = { events: ['event'], stock: ['stock'] };

const { ListEventsRequest: eventRules, ListStockChangesRequest: changeRules } = contract;

const nextPageToken = z
  .string()
  .openapi({ description: 'Leads to the next page, also where that is still empty.' });

const WAIT = 'How many seconds the reply may wait where the page would be empty.';

const pageParameters = { pageSize: 'page_size', pageToken: 'page_token', waitSeconds: 'wait_seconds' };

export const typeFilter = choices(eventRules.type, 'The types of the events; without it all.');

const listEventsRequest = z.object({
  ...pageFields(eventRules, 'events', ', for the same types and order'),
  type: typeFilter,
  orderID: asText(int64(eventRules.orderID, 'The order that the events are about.', 123)).optional(),
  waitSeconds: asText(uint32(eventRules.waitSeconds, WAIT, 20)).optional(),
  from: choice(
    eventRules.from,
    'Where the first page begins: with the next event, or with the first one that is kept.',
  ).optional(),
});
const { shape: asked } = listEventsRequest;

const readEventList = parameterReader('ListEventsRequest', listEventsRequest, {
  ...pageParameters,
  type: 'type',
  orderID: 'order_id',
  from: 'from',
});

const listEventsReply = z
  .object({ events: z.array(event).openapi({ description: 'Oldest first.' }), nextPageToken })
  .openapi('ListEventsResponse');

const time = '2026-11-26T12:00:00.123456Z';
export const FEED_TOKEN = exampleToken(42n, 1_764_158_400_123_456n);

export const eventExample = {
  specversion: '1.0',
  id: 'order/123/2',
  source: 'loms',
  type: 'loms.order.payed.v1',
  subject: 'order/123',
  time,
  sequence: '00000000000000000042',
  partitionkey: 'order/123',
  datacontenttype: 'application/json',
  data: {
    orderID: 123,
    version: 2,
    status: 'payed',
    previousStatus: 'awaiting payment',
    user: 1,
    items: [{ sku: 1625903, count: 2 }],
  },
};

const listEventsDocument = {
  method: 'get',
  path: '/event/list',
  tags: tags.events,
  summary: 'List what happened to orders and stock',
  description:
    'Oldest first, each committed change once, in CloudEvents 1.0. Store the `nextPageToken` with what was ' +
    'made of the page, and go on with it: nothing is missed or read twice. A page may be short or empty ' +
    'before all events are read.',
  request: {
    query: z.object({
      page_size: asked.pageSize,
      page_token: asked.pageToken,
      type: asked.type,
      order_id: asked.orderID,
      wait_seconds: asked.waitSeconds,
      from: asked.from,
    }),
  },
  responses: responses(
    {
      schema: listEventsReply,
      description: 'A page of events.',
      example: {
        events: [eventExample],
        nextPageToken: FEED_TOKEN,
      },
    },
    [invalidFields('ListEventsRequest', ['pageToken']), fixedRefusals.cursorExpired],
  ),
} as const;

const listStockChangesRequest = z.object({
  ...pageFields(changeRules, 'skus'),
  waitSeconds: asText(uint32(changeRules.waitSeconds, WAIT, 20)).optional(),
});
const { shape: askedChanges } = listStockChangesRequest;

const readChangeList = parameterReader('ListStockChangesRequest', listStockChangesRequest, pageParameters);

const listStockChangesReply = z
  .object({ stocks: z.array(stock).openapi({ description: 'Each sku once.' }), nextPageToken })
  .openapi('ListStockChangesResponse');

const listStockChangesDocument = {
  method: 'get',
  path: '/stock/changes',
  tags: tags.stock,
  summary: 'List the stock that has changed',
  description:
    'For search indexes and caches: each sku that changed since the token once, with the stock that is ' +
    'there now. To begin, take a token without a `page_token`, then read `/stock/list`, then follow the ' +
    'token.',
  request: {
    query: z.object({
      page_size: askedChanges.pageSize,
      page_token: askedChanges.pageToken,
      wait_seconds: askedChanges.waitSeconds,
    }),
  },
  responses: responses(
    {
      schema: listStockChangesReply,
      description: 'The stock of skus that have changed.',
      example: {
        stocks: [{ sku: 1625903, total: 10_000, reserved: 2, count: 9_998 }],
        nextPageToken: exampleToken(42n, 1_764_158_400_123_456n, 0n, 0n, 0n),
      },
    },
    [invalidFields('ListStockChangesRequest', ['pageToken']), fixedRefusals.cursorExpired],
  ),
} as const;

/** The routes of the lists of the feed. */
export function feedRoutes(loms: Loms) {
  return {
    listEvents: route({
      document: listEventsDocument,
      read: readEventList,
      run: ({ pageSize = 0, pageToken = '', type, orderID = 0n, waitSeconds = 0, from = '' }, call) =>
        loms.listEvents({ pageSize, pageToken, type, orderId: orderID, waitSeconds, from }, call),
      print: printEvents,
    }),
    listStockChanges: route({
      document: listStockChangesDocument,
      read: readChangeList,
      run: ({ pageSize = 0, pageToken = '', waitSeconds = 0 }, call) =>
        loms.listStockChanges({ pageSize, pageToken, waitSeconds }, call),
      print: printChanges,
    }),
  };
}

function printEvents({ events, nextPageToken: token }: ListedEvents): string {
  return `{"events":[${events.map(printEvent).join(',')}],"nextPageToken":"${token}"}`;
}

function printChanges({ stocks, nextPageToken: token }: StockChanges): string {
  return `{"stocks":[${stocks.map((each) => `{${printStock(each)}}`).join(',')}],"nextPageToken":"${token}"}`;
}
