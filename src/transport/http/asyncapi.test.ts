/** The AsyncAPI document, compared with the events that the service prints. */
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { testApp } from '../../../test/support/http-app.ts';
import { type EventType, eventTypes, type FeedEvent, type OrderEvent } from '../../domain/events/event.ts';
import { instantOfMicros } from '../../domain/instant.ts';
import { printEvent } from './event-json.ts';

async function documentOf(app = testApp(), url = '/asyncapi.json') {
  const response = await app.request(url);
  expect(response.headers.get('content-type')).toBe('application/json');
  return JSON.parse(await response.text());
}

/** Validates by the payload of a message. Formats are of numbers and times, which have tests of their own. */
async function validatorOf(message: string) {
  const { components } = await documentOf();
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const validate = ajv.compile({ ...components.messages[message].payload, components });
  return (event: unknown) => {
    validate(event);
    return validate.errors ?? [];
  };
}

const time = instantOfMicros(1_795_780_800_123_456n);
const head = { position: 42n, us: 0n, version: 2n, time, traceparent: undefined };

const order: OrderEvent = {
  ...{ ...head, type: 'order.expired', orderId: 123n, status: 'cancelled' },
  ...{ previousStatus: 'awaiting payment', reason: 'expired', expiresAt: time },
  ...{ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  ...{ user: 1n, items: [{ sku: 7, count: 2 }] },
};
const removed: OrderEvent = {
  ...order,
  expiresAt: undefined,
  traceparent: undefined,
  user: undefined,
  items: [],
};
const movement = {
  ...{ kind: 'received' as const, totalChange: 5n, total: 15n, reserved: 2n },
  ...{ reason: 'received', reference: 'PO-1', note: 'late', actor: 'warehouse' },
};
const stock: FeedEvent = { ...head, type: 'stock.adjusted', sku: 7, movement };

function eventsOf(type: EventType): FeedEvent[] {
  if (type === 'stock.adjusted') return [stock, { ...stock, movement: undefined }];
  return [order, removed].map((each) => ({ ...each, type }));
}

describe('the AsyncAPI document', () => {
  test.each(eventTypes)('describes %s as it is printed', async (type) => {
    const errorsOf = await validatorOf(type);
    for (const event of eventsOf(type)) {
      const printed = JSON.parse(printEvent(event));
      expect(errorsOf(printed)).toEqual([]);
      expect(errorsOf({ ...printed, type: 'loms.order.other.v1' })).not.toEqual([]);
      expect(errorsOf({ ...printed, data: {} })).not.toEqual([]);
    }
  });

  test('has a message for every type of event and for errors, in the channel and its operation', async () => {
    const { channels, operations, components } = await documentOf();
    const names = [...eventTypes, 'error'];
    expect(Object.keys(components.messages)).toEqual(names);
    expect(Object.keys(channels.events.messages)).toEqual(names);
    expect(operations.sendEvents.messages).toHaveLength(names.length);
  });

  test('states where a stream begins as the list does', async () => {
    const { query } = (await documentOf()).operations.sendEvents.bindings.http;
    expect(Object.keys(query.properties).sort()).toEqual(['from', 'page_token', 'type']);
    expect(query.properties.type.items.enum).toEqual([...eventTypes]);
  });

  test('states access where tokens are required', async () => {
    const authenticate = () => Promise.reject(new Error('no token is sent'));
    expect((await documentOf()).operations.sendEvents).not.toHaveProperty('security');
    const { operations, components } = await documentOf(testApp({ authenticate }));
    expect(operations.sendEvents.security).toEqual([{ $ref: '#/components/securitySchemes/bearer' }]);
    expect(operations.sendEvents.description).toContain('events:read');
    expect(components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
  });

  test('names the server that it is requested from, or the configured one', async () => {
    const { servers } = await documentOf(testApp(), 'http://[::1]:8080/asyncapi.json');
    expect(servers).toEqual({ rest: { protocol: 'http', host: '[::1]:8080' } });
    const configured = await documentOf(testApp({ publicUrl: 'https://shop.test/loms' }));
    expect(configured.servers).toEqual({
      rest: { protocol: 'https', host: 'shop.test', pathname: '/loms' },
    });
  });
});
