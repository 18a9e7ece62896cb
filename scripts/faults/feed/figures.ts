/** What the readers of events have done in a run. */
import type { History } from '../history.ts';
import { type EventReading, eventReadings } from './seen.ts';

export interface FeedFigures {
  /** The events that each reader has received. */
  readonly events: Readonly<Record<EventReading, number>>;
  /** How often readers have gone on by a token after a failure, and by choice. */
  readonly failed: number;
  readonly chosen: number;
  /** How often they had to begin again. */
  readonly expired: number;
  /** The longest time from an event to a reader, of events after the healing, in milliseconds. */
  readonly lagMs: number;
}

export function feedFigures(
  { pages, resumes, startedAtMs }: Pick<History, 'pages' | 'resumes' | 'startedAtMs'>,
  healMs: number,
): FeedFigures {
  const count = (reader: EventReading) =>
    pages.reduce((sum, page) => sum + (page.reader === reader ? page.events.length : 0), 0);
  const chosen = resumes.filter(({ reason }) => reason === 'CHOICE').length;
  let lagMs = 0;
  for (const { atMs, events } of pages) {
    for (const { timeMs } of events) {
      const happenedMs = timeMs - startedAtMs;
      if (happenedMs > healMs) lagMs = Math.max(lagMs, atMs - happenedMs);
    }
  }
  return {
    events: Object.fromEntries(eventReadings.map((each) => [each, count(each)])) as FeedFigures['events'],
    failed: resumes.length - chosen,
    chosen,
    expired: resumes.filter(({ reason }) => reason === 'CURSOR_EXPIRED').length,
    lagMs,
  };
}
