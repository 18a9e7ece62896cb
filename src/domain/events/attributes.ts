/** The attributes of an event by CloudEvents 1.0, which both transports show. */
import type { FeedEvent } from './event.ts';

/** The `source` of all events. */
export const EVENT_SOURCE = 'loms';

/** The `type` by which consumers tell events apart, with the version of what `data` holds. */
export function typeOf({ type }: FeedEvent): string {
  return `loms.${type}.v1`;
}

/** What the event is about; all events about it stay in order. */
export function subjectOf(event: FeedEvent): string {
  return 'orderId' in event ? `order/${event.orderId}` : `stock/${event.sku}`;
}

/** The `id`: the change itself, so it is the same however often and wherever the event is read. */
export function idOf({ version }: FeedEvent, subject: string): string {
  return `${subject}/${version}`;
}

const SEQUENCE_DIGITS = 20;

/** The position, so that texts sort as the numbers do. */
export function sequenceOf({ position }: FeedEvent): string {
  return String(position).padStart(SEQUENCE_DIGITS, '0');
}
