/**
 * A sink for NATS JetStream: it publishes every event of the feed to a stream, each once and in order. It
 * keeps nothing of its own: the last message of the stream names the page where to go on. The stream is for
 * this sink alone, and keeps its last message.
 *
 *     LOMS_URL=http://127.0.0.1:8080 NATS_URL=127.0.0.1:4222 npx tsx examples/nats-sink.ts
 *
 * It ends with an error when NATS does not confirm a message in time, and is then started again.
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { stringify } from 'lossless-json';
import { type FeedEvent, type FeedPage, readPage } from './feed.ts';

const STREAM = 'LOMS';
/** The token of the page that an event was on; empty for the first page. */
const TOKEN_HEADER = 'Loms-Page-Token';
const SEQUENCE_HEADER = 'Loms-Sequence';

/** Where the stream ends. */
interface End {
  /** The sequence of its last message. */
  readonly message: number;
  /** The sequence of that message's event; undefined before the first one. */
  readonly event: bigint | undefined;
  /** The token of the page to go on with. */
  readonly token: string;
}

const nats = await connect({ servers: process.env.NATS_URL ?? '127.0.0.1:4222' });
const streams = (await jetstreamManager(nats)).streams;
const publisher = jetstream(nats);

/** Creates the stream where there is none, and reads its end. */
async function readEnd(): Promise<End> {
  const config = { name: STREAM, subjects: ['loms.>'] };
  const { state } = await streams.info(STREAM).catch(() => streams.add(config));
  if (state.last_seq === 0) return { message: 0, event: undefined, token: '' };
  const last = await streams.getMessage(STREAM, { seq: state.last_seq });
  if (last === null) throw new Error('the last message of the stream was removed: the position is lost');
  return {
    message: state.last_seq,
    event: BigInt(last.header.get(SEQUENCE_HEADER)),
    token: last.header.get(TOKEN_HEADER),
  };
}

/** Publishes what the stream does not have of a page. Returns its new end. */
async function publishPage(end: End, page: FeedPage): Promise<End> {
  const events = page.events.filter(({ sequence }) => BigInt(sequence) > (end.event ?? 0n));
  checkNoGap(end, events);
  // All at once. Each must follow the one before, so after one that fails all fail.
  await Promise.all(events.map((event, index) => publish(event, end.token, end.message + index)));
  const last = events.at(-1);
  return {
    message: end.message + events.length,
    event: last === undefined ? end.event : BigInt(last.sequence),
    token: page.nextPageToken,
  };
}

/** Sequences have no gaps, which proves that nothing was missed. */
function checkNoGap({ event: last }: End, events: readonly FeedEvent[]): void {
  for (const [index, { sequence }] of events.entries()) {
    if (last !== undefined && BigInt(sequence) !== last + BigInt(index + 1)) {
      throw new Error(`events are missing between ${last} and ${sequence}`);
    }
  }
}

/**
 * Publishes an event behind the message of a sequence. NATS drops it where it has the id already, from a run
 * that was killed before it got the confirmation, and rejects it where another sink has written meanwhile.
 */
async function publish(event: FeedEvent, token: string, lastSequence: number): Promise<void> {
  const attributes = headers();
  attributes.set('content-type', 'application/cloudevents+json');
  attributes.set(TOKEN_HEADER, token);
  attributes.set(SEQUENCE_HEADER, event.sequence);
  const { seq } = await publisher.publish(event.type, stringify(event) ?? '', {
    headers: attributes,
    msgID: event.id,
    expect: { streamName: STREAM, lastSequence },
  });
  if (seq !== lastSequence + 1) throw new Error(`${event.id} is message ${seq}, not ${lastSequence + 1}`);
}

const query = { page_size: '1000', wait_seconds: '20' };
for (let end = await readEnd(); ; ) end = await publishPage(end, await readPage(end.token, query));
