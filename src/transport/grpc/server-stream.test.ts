/** Methods with a stream of replies: what an open stream keeps of its request. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import type { EventStream } from '../../domain/events/watch.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { accepted } from '../../domain/outcome.ts';
import { EventServiceService as events } from '../../generated/proto/loms/event/v1/event.ts';

const STREAMS = 64;

/** Collects the garbage, and returns the bytes of all buffers of this process. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers;
}

/** A stream without events, until it is closed. */
function silent(): EventStream {
  let end: (value: undefined) => void = () => {};
  const closed = new Promise<undefined>((resolve) => {
    end = resolve;
  });
  return { next: () => closed, end: undefined, close: () => end(undefined) };
}

test('an open stream does not keep the bytes of its request', async () => {
  let opened = 0;
  const watchEvents = async () => {
    opened++;
    return accepted(silent());
  };
  const { port } = await startTestServer({ loms: { watchEvents } });
  const { begin } = await rawCalls(port);
  // An empty request, and a field of 100 KiB that nobody knows.
  const padding = Buffer.concat([Buffer.of(0xfa, 0x07, 0x80, 0xa0, 0x06), Buffer.alloc(100 * 1024)]);
  expect(padding.length).toBeLessThan(REQUEST_MAX_BYTES);
  const request = framed(padding);
  const before = bufferBytes();
  for (let count = 0; count < STREAMS; count++)
    begin(undefined, { ':path': events.watchEvents.path }).stream.end(request);
  await expect.poll(() => opened).toBe(STREAMS);
  const kept = () => bufferBytes() - before;
  await expect.poll(kept, { interval: 100, timeout: 5_000 }).toBeLessThan((STREAMS * padding.length) / 4);
});
