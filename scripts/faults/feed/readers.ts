/** All readers of the feed in a run: one of each kind. */
import { query } from '../../../test/support/query.ts';
import { type WatchRequest, watchEvents } from '../../../test/support/watch.ts';
import type { History } from '../history.ts';
import { Random } from '../random.ts';
import type { ServicePorts } from '../service.ts';
import { statements } from '../statements.ts';
import { listReading, ReaderClients } from './list-reading.ts';
import { EventReader, type Open, sleep } from './reader.ts';
import { type EventReading, eventReadings } from './seen.ts';
import { StockReader } from './stock-reader.ts';

/** How long the service may take to publish everything, and the readers to receive it. */
const FINISH_LIMIT_MS = 15_000;
const LOOK_INTERVAL_MS = 25;

export interface ReadersOptions {
  readonly seed: number;
  readonly history: History;
  readonly services: readonly ServicePorts[];
}

export class Readers {
  readonly #history: History;
  readonly #clients = new ReaderClients();
  readonly #ofEvents: readonly EventReader[];
  readonly ofStock: StockReader;

  /** Starts all of them. Those of events begin with the first one. */
  constructor({ seed, history, services }: ReadersOptions) {
    this.#history = history;
    const ways: Readonly<Record<EventReading, Open>> = {
      ListEvents: listReading(this.#clients),
      SSE: ({ REST }, token) => watchEvents('REST', REST, beginOf(token)),
      WatchEvents: ({ gRPC }, token) => watchEvents('gRPC', gRPC, beginOf(token)),
    };
    this.#ofEvents = eventReadings.map((reading) => {
      const random = new Random(seed, 'reader of events', reading);
      return new EventReader(reading, ways[reading], { history, random, services });
    });
    const random = new Random(seed, 'reader of stock');
    this.ofStock = new StockReader({ history, random, services, clients: this.#clients });
  }

  /** The reader of this kind. */
  of(reading: EventReading): EventReader {
    const reader = this.#ofEvents.find((each) => each.reading === reading);
    if (reader === undefined) throw new Error(`nobody reads by ${reading}`);
    return reader;
  }

  /**
   * Waits until everything that was written by now is published and received, and stops. What goes on after
   * that, such as the ends of reservations, they may miss.
   *
   * @param url of the server that takes writes.
   */
  async finish(url: string): Promise<void> {
    const limitMs = performance.now() + FINISH_LIMIT_MS;
    let head = await headOf(url);
    while (head === undefined && performance.now() < limitMs) {
      await sleep(LOOK_INTERVAL_MS);
      head = await headOf(url);
    }
    const isBehind = () => this.#ofEvents.some(({ position }) => position < (head ?? 0));
    while (isBehind() && performance.now() < limitMs) await sleep(LOOK_INTERVAL_MS);
    this.#history.feedEnd = { head: head ?? 0, copy: await this.ofStock.finish() };
    this.stop();
  }

  stop(): void {
    for (const reader of this.#ofEvents) reader.stop();
    this.ofStock.stop();
    this.#clients.close();
  }
}

function beginOf(token: string): WatchRequest {
  return token === '' ? { from: 'beginning' } : { pageToken: token };
}

/** The position of the last event; undefined while some are not published. */
async function headOf(url: string): Promise<number | undefined> {
  const [row] = await query(url, statements.feedHeadRead);
  return Number(row?.unpublished) === 0 ? Number(row?.head) : undefined;
}
