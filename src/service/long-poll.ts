/**
 * Long polls: a list of the feed whose page is empty waits for the next event. Those that wait hold no place
 * in a queue or batch; how many there are is limited, in all and of one client.
 */
import type { Submit } from '../domain/operations.ts';
import { type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import type { FeedReaders } from './feed-readers.ts';
import type { FeedWatch } from './feed-watch.ts';

export interface LongPollOptions {
  readonly watch: FeedWatch;
  readonly readers: FeedReaders;
  readonly deadlines: Deadlines;
}

/** What a request that may wait has. */
interface Waiting {
  readonly pageToken: string;
  readonly waitSeconds: number;
}

/** How often a waiting poll looks whether its caller has gone, in milliseconds; then it frees its place. */
export const LOOK_MS = 1_000;

/** An empty page is returned so long before the deadline, in milliseconds, that it arrives. */
const REPLY_MS = 500;

/**
 * Makes an operation wait.
 *
 * @param submit runs it once.
 * @param waitsBehind the position behind which it waits; undefined where its page is not empty.
 */
export function longPoll(
  submit: Submit,
  waitsBehind: (page: never) => bigint | undefined,
  { watch, readers, deadlines }: LongPollOptions,
): Submit {
  return async (request, call) => {
    const untilMs = Math.min(
      deadlines.now() + (request as Waiting).waitSeconds * 1_000,
      call.deadlineMs - REPLY_MS,
    );
    const first = await submit(request, call);
    if (!first.ok || waitsBehind(first.value as never) === undefined || deadlines.now() >= untilMs)
      return first;
    const release = readers.enter(call.client);
    if (release === undefined) return refused(fixedRefusals.queueFull);
    const ended = new AbortController();
    const isOver = () => deadlines.now() >= untilMs || call.disconnected?.() === true;
    const end = {
      deadlineMs: Math.min(untilMs, deadlines.now() + LOOK_MS),
      onTimeout: () => {
        if (isOver()) ended.abort();
        else deadlines.postpone(end, Math.min(untilMs, deadlines.now() + LOOK_MS));
      },
    };
    deadlines.add(end);
    try {
      let outcome: Outcome<unknown> = first;
      let { pageToken } = request as Waiting;
      while (outcome.ok) {
        const position = waitsBehind(outcome.value as never);
        if (position === undefined || ended.signal.aborted || watch.isStopped) return outcome;
        const { nextPageToken } = outcome.value as { readonly nextPageToken: string };
        // A page that has passed over unwanted events may have more behind it.
        if (nextPageToken === pageToken) await watch.waitBehind(position, ended.signal);
        pageToken = nextPageToken;
        outcome = await submit({ ...(request as object), pageToken, from: '' }, call);
      }
      return outcome;
    } finally {
      deadlines.delete(end);
      release();
    }
  };
}
