/** How a stream is written: one chunk at a time, with a limit for each, and with a clear end. */
import { expect, test } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { quiet } from '../../test/support/quiet.ts';
import type { EventStream } from '../domain/events/watch.ts';
import { accepted, type Refusal, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { CHUNK_READ_MS, pump, type Sink } from './stream.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A stream of chunks without an end, and a client that takes a chunk when the test lets it. */
function open(next: EventStream['next'] = async () => accepted(Buffer.from('x'))) {
  const clock = manualClock();
  const deadlines = new Deadlines(clock.now, clock.setTimer);
  const seen = {
    ...{ asked: 0, written: 0, closed: 0, isClosing: false, ends: [] as (Refusal | undefined)[] },
    end: undefined as Refusal | undefined,
    take: () => {},
    disconnect: () => {},
  };
  const stream: EventStream = {
    next() {
      seen.asked++;
      return next();
    },
    get end() {
      return seen.end;
    },
    close: () => void seen.closed++,
  };
  const sink: Sink = {
    write(_chunk, done) {
      seen.written++;
      seen.take = done;
    },
    isClosing: () => seen.isClosing,
    end: (refusal) => void seen.ends.push(refusal),
    onClose(listener) {
      seen.disconnect = listener;
    },
  };
  const pumped = pump(stream, sink, { deadlines, logger: quiet });
  return { clock, deadlines, seen, pumped };
}

test('the next chunk is not asked for before the client has taken the one before', async () => {
  const { seen } = open();
  await turn();
  expect([seen.asked, seen.written]).toEqual([1, 1]);
  seen.take();
  await turn();
  expect([seen.asked, seen.written]).toEqual([2, 2]);
});

test('a client that does not take a chunk in time is ended with READER_TOO_SLOW', async () => {
  const { clock, seen, pumped, deadlines } = open();
  await turn();
  clock.moveTo(CHUNK_READ_MS - 1);
  await turn();
  expect(seen.ends).toEqual([]);
  clock.moveTo(CHUNK_READ_MS);
  await pumped;
  expect(seen.ends).toEqual([fixedRefusals.readerTooSlow]);
  expect([seen.closed > 0, deadlines.size]).toEqual([true, 0]);
});

test('a refusal of the stream ends it', async () => {
  const { seen, pumped } = open(async () => refused(fixedRefusals.cursorExpired));
  await pumped;
  expect(seen.ends).toEqual([fixedRefusals.cursorExpired]);
});

test('a bug ends it with INTERNAL', async () => {
  const { seen, pumped } = open(async () => {
    throw new Error('a bug');
  });
  await pumped;
  expect(seen.ends).toEqual([fixedRefusals.internal]);
});

test('it ends without an error where its connection is to be renewed', async () => {
  const { seen, pumped } = open();
  await turn();
  seen.isClosing = true;
  seen.take();
  await pumped;
  expect(seen.ends).toEqual([undefined]);
});

test('it ends with its own error where its connection closes as well', async () => {
  const { seen, pumped } = open();
  await turn();
  seen.isClosing = true;
  seen.end = fixedRefusals.shuttingDown;
  seen.take();
  await pumped;
  expect(seen.ends).toEqual([fixedRefusals.shuttingDown]);
});

test('a client that disconnects leaves nothing behind, also while a chunk is written', async () => {
  const { seen, pumped, deadlines } = open();
  await turn();
  seen.disconnect();
  await pumped;
  await turn();
  expect([seen.ends, seen.closed > 0, deadlines.size]).toEqual([[], true, 0]);
});
