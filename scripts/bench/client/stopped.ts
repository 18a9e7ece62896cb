/**
 * Readers of the event feed that stop reading, as a process of its own: its one argument sets for how long,
 * and it prints what became of them as JSON. It fails where a reader misses an event, or gets one twice.
 */
import { type WatchRequest, watchEvents } from '../../../test/support/watch.ts';
import { BEGIN } from '../processes.ts';
import type { StopLoad, StopResult, Transport } from '../types.ts';

/** A stream that goes on for this number of events has not been ended: sockets do not hold as many. */
const GOES_ON_EVENTS = 100_000;

/** What is read behind the place where it ended. */
const RESUMED_EVENTS = 10_000;

/** What a reader has read, over all its streams. */
class Place {
  token = '';
  events = 0;
  #last: bigint | undefined;

  /** Reads pages until there are this number of further events, or the stream ends. @throws at a gap. */
  async read(pages: ReturnType<typeof watchEvents>, events: number): Promise<'enough' | 'ended'> {
    const limit = this.events + events;
    while (this.events < limit) {
      const page = await pages.next().catch(() => undefined);
      if (page === undefined || page.done) return 'ended';
      for (const { sequence } of page.value.events) {
        const position = BigInt(sequence as string);
        if (this.#last !== undefined && position !== this.#last + 1n) {
          throw new Error(`position ${position} behind ${this.#last}`);
        }
        this.#last = position;
        this.events++;
      }
      this.token = page.value.token;
    }
    return 'enough';
  }
}

async function stop(transport: Transport, port: number, stopSeconds: number): Promise<StopResult> {
  const place = new Place();
  const open = (request: WatchRequest) => watchEvents(transport, port, request);
  const first = open({ from: 'beginning' });
  if ((await place.read(first, 1)) === 'ended') throw new Error(`${transport}: the stream did not begin`);
  await new Promise((resolve) => setTimeout(resolve, stopSeconds * 1_000));
  const isEnded = (await place.read(first, GOES_ON_EVENTS)) === 'ended';
  await first.return();
  const second = open({ pageToken: place.token });
  if ((await place.read(second, RESUMED_EVENTS)) === 'ended')
    throw new Error(`${transport}: it did not resume`);
  await second.return();
  return { transport, stopSeconds, isEnded, events: place.events };
}

const { ports, stopSeconds } = JSON.parse(process.argv[2] ?? '') as StopLoad;
process.stdout.write(BEGIN);
const results = await Promise.all(
  stopSeconds.flatMap((seconds) =>
    (['REST', 'gRPC'] as const).map((transport) => stop(transport, ports[transport], seconds)),
  ),
);
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit());
