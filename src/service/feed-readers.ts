/** Admits those who wait for events, long polls and streams, up to a limit in all and of one client. */

export interface ReaderLimits {
  readonly readersMax: number;
  readonly readersPerClientMax: number;
}

export class FeedReaders {
  readonly #limits: ReaderLimits;
  readonly #ofClient = new Map<string, number>();
  #count = 0;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Admits a reader. Returns what it calls at its end; undefined when there are too many. */
  enter(client: string): (() => void) | undefined {
    const { readersMax, readersPerClientMax } = this.#limits;
    const own = this.#ofClient.get(client) ?? 0;
    if (this.#count >= readersMax || own >= readersPerClientMax) return undefined;
    this.#count++;
    this.#ofClient.set(client, own + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    this.#count--;
    const left = (this.#ofClient.get(client) ?? 1) - 1;
    if (left > 0) this.#ofClient.set(client, left);
    else this.#ofClient.delete(client);
  }
}
