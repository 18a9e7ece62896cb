/**
 * Streams: what both transports do with one that the pipeline has opened. One chunk is written at a time, and
 * the next one is asked for when the client's connection has taken it: a client that reads slowly slows down
 * its own stream only, and nothing is buffered for it but this chunk.
 */
import type { EventStream } from '../domain/events/watch.ts';
import type { Refusal } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { TransportContext } from './operation.ts';

/** Where a stream is written to. */
export interface Sink {
  /** Writes a chunk, and calls `done` when the connection has taken all of it, or has failed. */
  write(chunk: Uint8Array, done: () => void): void;
  /** Whether the connection is to be renewed: the stream then ends without an error. */
  isClosing(): boolean;
  /** Ends the stream, with an error or without one. It is called once. */
  end(refusal: Refusal | undefined): void;
  /** Calls back at once where the client has disconnected, or when it does; once. */
  onClose(listener: () => void): void;
}

/** The most time in which a client reads a chunk, in milliseconds. */
export const CHUNK_READ_MS = 30_000;

/** Writes a stream until it ends. It never rejects: a bug is logged and becomes INTERNAL. */
export async function pump(
  stream: EventStream,
  sink: Sink,
  { deadlines, logger }: Pick<TransportContext, 'deadlines' | 'logger'>,
): Promise<void> {
  const startMs = deadlines.now();
  const writing = new Writing(sink);
  sink.onClose(() => {
    stream.close();
    writing.close();
  });
  let end: Refusal | undefined;
  try {
    while (!writing.isClosed && !sink.isClosing()) {
      const chunk = await stream.next();
      if (chunk === undefined) break;
      if (!chunk.ok) {
        end = chunk.refusal;
        break;
      }
      const written = writing.write(chunk.value);
      if (await deadlines.settleBy(written, true, deadlines.now() + CHUNK_READ_MS)) {
        end = fixedRefusals.readerTooSlow;
        break;
      }
    }
  } catch (error) {
    logger.error({ err: error }, 'stream failed: this is a bug');
    end = fixedRefusals.internal;
  }
  stream.close();
  logger.debug({ reason: end?.reason ?? 'OK', durationMs: deadlines.now() - startMs }, 'stream ended');
  if (!writing.isClosed) sink.end(end);
}

/** The chunk that is being written. */
class Writing {
  isClosed = false;
  readonly #sink: Sink;
  #done = () => {};

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Resolves to false when the chunk was taken, or the client has disconnected. */
  write(chunk: Uint8Array): Promise<false> {
    return new Promise((resolve) => {
      this.#done = () => resolve(false);
      if (this.isClosed) this.#done();
      else this.#sink.write(chunk, this.#done);
    });
  }

  close(): void {
    this.isClosed = true;
    this.#done();
  }
}
