/** `loms.event.v1.EventService`: the contract's messages to the domain and back. */
import { EVENT_SOURCE, idOf, sequenceOf, subjectOf, typeOf } from '../../domain/events/attributes.ts';
import type { EventType, FeedEvent, OrderEvent, StockEvent } from '../../domain/events/event.ts';
import type { ListEventsRequest } from '../../domain/events/list.ts';
import type { PageEncoding, WatchEventsRequest } from '../../domain/events/watch.ts';
import { optionalTimestamp, timestampOf } from '../../domain/instant.ts';
import type { Loms } from '../../domain/operations.ts';
import {
  EventServiceService as contract,
  type Event,
  type OrderChange,
  type StockChange,
  WatchEventsResponse,
} from '../../generated/proto/loms/event/v1/event.ts';
import { prefixed } from './internals.ts';
import { serverStream } from './server-stream.ts';
import { unary } from './unary.ts';

/** The methods of the event service. */
export function eventMethods(loms: Loms) {
  return {
    listEvents: unary(
      contract.listEvents,
      ({ type, from, ...request }, call) =>
        loms.listEvents(
          // The contract's rules allow no others.
          { ...request, type: type as EventType[], from: from as ListEventsRequest['from'] },
          call,
        ),
      ({ events, nextPageToken }) => ({ events: events.map(eventMessage), nextPageToken }),
    ),
  };
}

/** The methods of the event service with a stream of replies. */
export function eventStreams(loms: Loms) {
  return {
    watchEvents: serverStream(contract.watchEvents, ({ type, from, pageToken }, call) => {
      // The contract's rules allow no others.
      const begin = from as WatchEventsRequest['from'];
      return loms.watchEvents({ type: type as EventType[], from: begin, pageToken, encoding }, call);
    }),
  };
}

const encoding: PageEncoding = (events, next, tokenOf) => {
  const message = { events: events.map(eventMessage), pageToken: tokenOf(next) };
  return prefixed(WatchEventsResponse.encode(message).finish());
};

export function eventMessage(event: FeedEvent): Event {
  const subject = subjectOf(event);
  return {
    id: idOf(event, subject),
    source: EVENT_SOURCE,
    type: typeOf(event),
    subject,
    time: timestampOf(event.time),
    sequence: sequenceOf(event),
    partitionkey: subject,
    traceparent: event.traceparent ?? '',
    ...('orderId' in event ? { order: orderChange(event) } : { stock: stockChange(event) }),
  };
}

function orderChange(event: OrderEvent): OrderChange {
  const { orderId, version, status, previousStatus = '', reason = '', user = 0n, items } = event;
  const expiresAt = optionalTimestamp(event.expiresAt);
  return { orderId, version, status, previousStatus, reason, user, items: [...items], expiresAt };
}

function stockChange({ sku, version, movement }: StockEvent): StockChange {
  const { kind = '', totalChange = 0n, total = 0n, reserved = 0n } = movement ?? {};
  const { reason = '', reference = '', note = '', actor = '' } = movement ?? {};
  return { sku, version, kind, totalChange, total, reserved, reason, reference, note, actor };
}
