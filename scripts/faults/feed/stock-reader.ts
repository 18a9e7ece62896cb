/** A reader that keeps a copy of the stock, as a search index does. */
import type { ServicePorts } from '../service.ts';
import type { ReaderClients } from './list-reading.ts';
import { closedGate, type ReaderOptions, reasonOf, resume, sleep } from './reader.ts';
import type { StockCopy } from './seen.ts';

const WAIT_SECONDS = 1;
const PAGE_SIZE = 100;
/** How long it may take to read all that is there in the end. */
const FINISH_LIMIT_MS = 15_000;
const RETRY_MS = 100;

export class StockReader {
  readonly #options: ReaderOptions & { readonly clients: ReaderClients };
  readonly #copy = new Map<number, { total: number; reserved: number }>();
  #token = '';
  #turn = 0;
  #isStopped = false;
  /** Settled unless a fault keeps it away. */
  #mayRead: Promise<void> = Promise.resolve();

  /** Starts to read. */
  constructor(options: ReaderOptions & { readonly clients: ReaderClients }) {
    this.#options = options;
    void this.#run();
  }

  /** Reads all changes that there are, and stops. Returns the copy. */
  async finish(): Promise<StockCopy> {
    this.#isStopped = true;
    const limitMs = performance.now() + FINISH_LIMIT_MS;
    while (performance.now() < limitMs) {
      try {
        if (this.#token === '') await this.#begin();
        const token = this.#token;
        await this.#follow(0, () => true);
        if (this.#token === token) return this.#copy;
      } catch (error) {
        this.#forgetAfter(reasonOf(error));
        await sleep(RETRY_MS);
      }
    }
    return this.#copy;
  }

  /** With the next page it stays away. Returns what ends this. */
  leave(): () => void {
    const { gate, open } = closedGate();
    this.#mayRead = gate;
    return open;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#mayRead;
      try {
        if (this.#token === '') await this.#begin();
        await this.#follow(WAIT_SECONDS, () => !this.#isStopped);
      } catch (error) {
        if (this.#isStopped) return;
        const reason = reasonOf(error);
        this.#forgetAfter(reason);
        await resume(this.#options.history, 'ListStockChanges', reason);
      }
    }
  }

  #forgetAfter(reason: string): void {
    if (reason === 'CURSOR_EXPIRED') this.#token = '';
  }

  /** Takes a token first, and then reads the whole stock: what changes meanwhile follows the token. */
  async #begin(): Promise<void> {
    const { clients } = this.#options;
    const { nextPageToken } = await clients.call(this.#next(), 'listStockChanges', {});
    let page = '';
    do {
      const request = { pageSize: PAGE_SIZE, pageToken: page };
      const { stocks, nextPageToken: next = '' } = await clients.call(this.#next(), 'listStocks', request);
      this.#apply(stocks);
      page = next;
    } while (page !== '');
    this.#token = nextPageToken;
  }

  /** @param isCurrent whether the page still counts when it arrives. */
  async #follow(waitSeconds: number, isCurrent: () => boolean): Promise<void> {
    const request = { pageToken: this.#token, pageSize: PAGE_SIZE, waitSeconds };
    const { stocks, nextPageToken } = await this.#options.clients.call(
      ...([this.#next(), 'listStockChanges', request] as const),
    );
    if (!isCurrent()) return;
    this.#apply(stocks);
    this.#token = nextPageToken;
  }

  #apply(stocks: readonly { sku: bigint; total: bigint; reserved: bigint }[]): void {
    for (const { sku, total, reserved } of stocks) {
      this.#copy.set(Number(sku), { total: Number(total), reserved: Number(reserved) });
    }
  }

  #next(): ServicePorts {
    const { services } = this.#options;
    return services[this.#turn++ % services.length] as ServicePorts;
  }
}
