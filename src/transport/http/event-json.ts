/** Events as JSON: the form of CloudEvents 1.0, in lists and streams alike. */
import { z } from '@hono/zod-openapi';
import { EVENT_SOURCE, idOf, sequenceOf, subjectOf, typeOf } from '../../domain/events/attributes.ts';
import type { FeedEvent, OrderEvent, StockEvent } from '../../domain/events/event.ts';
import { formatInstant } from '../../domain/instant.ts';
import { cancelReasons, orderStatuses } from '../../domain/orders/order.ts';
import { movementKinds } from '../../domain/stock/movements.ts';
import { int64Reply, printTime, timeReply } from './fields.ts';
import { stockFields } from './stock.ts';

const { sku, total, reserved } = stockFields;

const line = z
  .object({ sku, count: z.bigint().openapi({ type: 'integer', description: 'The number of pieces.' }) })
  .openapi('EventLine');

const orderChange = z
  .object({
    orderID: int64Reply('The order.', 123),
    version: int64Reply('1 for its creation, one more for each change.', 2),
    status: z.enum(orderStatuses).openapi({ description: 'After the change.' }),
    previousStatus: z
      .enum(orderStatuses)
      .optional()
      .openapi({ description: 'Before the change; missing for a creation.' }),
    reason: z.enum(cancelReasons).optional().openapi({ description: 'Why it was cancelled.' }),
    expiresAt: timeReply('When its reservation ends or has ended, where the event is about it.').optional(),
    user: int64Reply('Who ordered; missing where the order was removed since.', 1).optional(),
    items: z
      .array(line)
      .openapi({ description: 'Its lines, sorted by sku; empty where the order was removed since.' }),
  })
  .openapi('OrderChange');

const stockChange = z
  .object({
    sku,
    version: int64Reply('Its place in the history of the sku, as in its movements.', 7),
    kind: z
      .enum(movementKinds)
      .optional()
      .openapi({ description: 'Missing, like all below, where the movement was removed since.' }),
    totalChange: int64Reply('What it added to the pieces that exist.', 100).optional(),
    total: total.optional(),
    reserved: reserved.optional(),
    reason: z.string().optional().openapi({ description: 'Why it was made.' }),
    reference: z.string().optional().openapi({ description: 'The document that it is about.' }),
    note: z.string().optional().openapi({ description: 'What was noted about it.' }),
    actor: z.string().optional().openapi({ description: 'Who made it: the subject of the token.' }),
  })
  .openapi('StockChange');

export const event = z
  .object({
    specversion: z.literal('1.0').openapi({ description: 'Of CloudEvents.' }),
    id: z.string().openapi({ description: 'Names the change.', example: 'order/123/2' }),
    source: z.literal(EVENT_SOURCE),
    type: z.string().openapi({ description: 'What happened.', example: 'loms.order.payed.v1' }),
    subject: z.string().openapi({ description: 'What it happened to.', example: 'order/123' }),
    time: timeReply('When it happened.'),
    sequence: z.string().openapi({
      description: 'Its place in the feed: one more than that of the event before.',
      example: '00000000000000000042',
    }),
    partitionkey: z
      .string()
      .openapi({ description: 'The same for all events that must stay in order.', example: 'order/123' }),
    traceparent: z
      .string()
      .optional()
      .openapi({ description: 'That of the request which caused it, where it had one.' }),
    datacontenttype: z.literal('application/json'),
    data: z.union([orderChange, stockChange]),
  })
  .openapi('Event');

export function printEvent(each: FeedEvent): string {
  const subject = subjectOf(each);
  const trace = each.traceparent === undefined ? '' : `,"traceparent":"${each.traceparent}"`;
  const attributes =
    `"specversion":"1.0","id":"${idOf(each, subject)}","source":"${EVENT_SOURCE}","type":"${typeOf(each)}",` +
    `"subject":"${subject}","time":"${formatInstant(each.time)}","sequence":"${sequenceOf(each)}",` +
    `"partitionkey":"${subject}"${trace},"datacontenttype":"application/json"`;
  const data = 'orderId' in each ? printOrderChange(each) : printStockChange(each);
  return `{${attributes},"data":{${data}}}`;
}

function printOrderChange(each: OrderEvent): string {
  const { orderId, version, status, previousStatus, reason, expiresAt, user, items } = each;
  const lines = items.map(({ sku: of, count }) => `{"sku":${of},"count":${count}}`);
  return (
    `"orderID":${orderId},"version":${version},"status":"${status}"` +
    (previousStatus === undefined ? '' : `,"previousStatus":"${previousStatus}"`) +
    (reason === undefined ? '' : `,"reason":"${reason}"`) +
    printTime('expiresAt', expiresAt) +
    (user === undefined ? '' : `,"user":${user}`) +
    `,"items":[${lines.join(',')}]`
  );
}

function printStockChange({ sku: of, version, movement }: StockEvent): string {
  const head = `"sku":${of},"version":${version}`;
  if (movement === undefined) return head;
  const { kind, totalChange, total: after, reserved: held } = movement;
  const texts = (['reason', 'reference', 'note', 'actor'] as const).map((name) => {
    const text = movement[name];
    return text === undefined ? '' : `,"${name}":${JSON.stringify(text)}`;
  });
  const numbers = `"totalChange":${totalChange},"total":${after},"reserved":${held}`;
  return `${head},"kind":"${kind}",${numbers}${texts.join('')}`;
}
