/** An end for requests on which nothing arrives: a service that hangs closes no connection. */
import { ApiError } from './api-error.ts';

export class Silence {
  /** Aborted after the silence, and with the signal of the request. */
  readonly signal: AbortSignal;
  readonly #limitMs: number;
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number, signal?: AbortSignal) {
    this.#limitMs = limitMs;
    this.signal = AbortSignal.any([this.#ended.signal, ...(signal ? [signal] : [])]);
    this.restart();
  }

  /** Something has arrived. */
  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      const message = `nothing has arrived for ${this.#limitMs / 1_000} seconds`;
      this.#ended.abort(new ApiError(0, 'NOT_REACHED', message, ''));
    }, this.#limitMs);
  }

  /** The request is over. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
