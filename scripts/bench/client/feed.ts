/**
 * Readers of the event feed, on plain sockets: what they read is searched for the positions of events, not
 * parsed, so that most of the shared cores is left to the service.
 */
import { connect, type Socket } from 'node:net';
import { WatchEventsRequest } from '../../../src/generated/proto/loms/event/v1/event.ts';
import { flags, frame, PREFACE, readFrames, types } from '../../../test/support/frames.ts';
import { HeaderWriter, readStatus } from '../../lib/hpack.ts';
import type { ReadersLoad, Reading } from '../types.ts';
import { rest } from './rest.ts';

/** An event of an order, or undefined for the order where it is about stock. */
export type OnEvent = (position: number, orderId: string | undefined) => void;

const SEQUENCE_DIGITS = 20;

/** The position, what stands between it and the partition key, and the number of an order. */
const LOOK_BYTES = SEQUENCE_DIGITS + 50;

/**
 * What is before the position of an event: in JSON, and in a message as the tag and the length of its field,
 * with zeros that it begins with.
 */
const marks = { REST: Buffer.from('"sequence":"'), gRPC: Buffer.from('2\x1400000000') } as const;

/** How much of the position belongs to the mark. */
const MARKED_DIGITS = { REST: 0, gRPC: 8 } as const;

/** Returns a function that takes the bytes of a feed, in any pieces, and finds the events in them. */
export function findEvents(transport: 'REST' | 'gRPC', onEvent: OnEvent): (bytes: Buffer) => void {
  const mark = marks[transport];
  let left: Buffer | undefined;
  return (bytes) => {
    const data = left === undefined ? bytes : Buffer.concat([left, bytes]);
    let from = 0;
    for (;;) {
      const found = data.indexOf(mark, from);
      const at = found + mark.length - MARKED_DIGITS[transport];
      if (found < 0) from = Math.max(from, data.length - mark.length + 1);
      else if (at + LOOK_BYTES > data.length) from = found;
      else {
        const text = data.toString('latin1', at, at + LOOK_BYTES);
        onEvent(Number(text.slice(0, SEQUENCE_DIGITS)), /order\/(\d+)/.exec(text)?.[1]);
        from = at + SEQUENCE_DIGITS;
        continue;
      }
      // A copy: what is left must not keep all the bytes.
      left = from < data.length ? Buffer.from(data.subarray(from)) : undefined;
      return;
    }
  };
}

/** A reader of the feed. */
export interface FeedReader {
  /** Resolves when the feed has begun to arrive. */
  readonly opened: Promise<void>;
  /** Rejects when it is cut. */
  readonly cut: Promise<never>;
  close(): void;
}

/** Where bytes go that are only counted: to allocate memory for them costs as much as to read them. */
const COUNTED = Buffer.alloc(256 * 1024);

type From = Pick<ReadersLoad, 'ports' | 'eventsMax'>;

/**
 * Opens a reader.
 *
 * @param onBytes is called with what arrives of the feed: all of it for a reader that finds events, otherwise
 *   also what frames it.
 */
export function openReader(
  reading: Reading,
  from: From,
  isFinding: boolean,
  onBytes: (bytes: Buffer) => void,
): FeedReader {
  const onread = {
    buffer: COUNTED,
    callback: (length: number) => {
      read(COUNTED.subarray(0, length));
      return true;
    },
  };
  const socket = connect({
    port: from.ports[reading === 'gRPC' ? 'gRPC' : 'REST'],
    host: '127.0.0.1',
    noDelay: true,
    ...(isFinding ? {} : { onread }),
  });
  let isClosed = false;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const cut = new Promise<never>((_, reject) => {
    let reason = 'the service has closed it';
    socket.on('error', ({ message }) => {
      reason = message;
    });
    socket.once('close', () => {
      if (!isClosed) reject(new Error(`a reader by ${reading} was cut: ${reason}`));
    });
  });
  const read = (bytes: Buffer) => {
    open();
    onBytes(bytes);
  };
  start[reading](socket, from, isFinding, read);
  const close = () => {
    isClosed = true;
    socket.destroy();
  };
  return { opened, cut, close };
}

type Start = (socket: Socket, from: From, isFinding: boolean, read: (bytes: Buffer) => void) => void;

/** The window of the stream, like that of the connection in the preface. */
const STREAM_WINDOW = Buffer.of(0x3f, 0xff, 0, 0);

const start: Readonly<Record<Reading, Start>> = {
  SSE(socket, { eventsMax }, _isFinding, read) {
    const query = eventsMax === undefined ? '' : '?from=beginning';
    socket.write(`GET /event/stream${query} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    socket.on('data', read);
  },
  gRPC(socket, { eventsMax }, isFinding, read) {
    const message = WatchEventsRequest.encode({
      ...{ pageToken: '', type: [] },
      from: eventsMax === undefined ? '' : 'beginning',
    }).finish();
    const block = new HeaderWriter().write('/loms.event.v1.EventService/WatchEvents');
    const body = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
    socket.write(PREFACE);
    socket.write(frame(types.headers, flags.endHeaders, 1, block));
    socket.write(frame(types.windowUpdate, 0, 1, STREAM_WINDOW));
    socket.write(frame(types.data, flags.endStream, 1, body));
    const onFrame = (type: number, flag: number, _id: number, payload: Buffer) => {
      if (type === types.data) read(payload);
      else if (type === types.settings && (flag & flags.ack) === 0) {
        socket.write(frame(types.settings, flags.ack, 0, Buffer.alloc(0)));
      } else if (type === types.ping && (flag & flags.ack) === 0) {
        socket.write(frame(types.ping, flags.ack, 0, payload));
      } else if (type === types.headers && (flag & flags.endStream) !== 0) {
        socket.destroy(new Error(`status ${readStatus(payload)}`));
      } else if (type === types.reset || type === types.goAway) {
        socket.destroy(new Error(`frame ${type}: ${payload.toString('hex')}`));
      }
    };
    socket.on('data', isFinding ? readFrames({ onFrame }) : read);
  },
  list(socket, _from, _isFinding, read) {
    const wire = rest.start(socket, 1, () => {});
    const next = (query: string) => {
      const path = `/event/list?page_size=1000&${query}`;
      wire.send(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`, (ok, status, body) => {
        if (!ok) return void socket.destroy(new Error(`/event/list: ${status}`));
        read(body);
        const [, token = ''] = /"nextPageToken":"([^"]*)"/.exec(body.toString('latin1')) ?? [];
        next(`page_token=${encodeURIComponent(token)}&wait_seconds=1`);
      });
    };
    next('from=beginning');
  },
};
