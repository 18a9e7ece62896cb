/** The one background loop: runs a task at an interval or when it is triggered, never twice at once. */
import { TIMER_MAX_MS } from './clock.ts';

export interface RunResult {
  /** The next run follows after the minimum gap. */
  readonly more?: boolean;
  /** The next run follows after this time, in milliseconds; not before the minimum gap. */
  readonly nextInMs?: number | undefined;
}

export interface PeriodicOptions {
  /** One bounded run. Its result can move the next run to an earlier time than the interval. */
  readonly run: () => Promise<RunResult | undefined>;
  /** From the end of one run to the start of the next, in milliseconds. */
  readonly intervalMs: number;
  /** The gap after each run that is kept however often the task is triggered, in milliseconds. */
  readonly minGapMs: number;
  /** Called with the error of a run that failed; the next run follows at the interval. */
  readonly onError: (error: unknown) => void;
}

export class PeriodicTask {
  readonly #options: PeriodicOptions;
  #timer: NodeJS.Timeout | undefined;
  #state: 'stopped' | 'running' | 'gap' | 'waiting' = 'stopped';
  #triggered = false;
  #nextInMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(options: PeriodicOptions) {
    this.#options = options;
  }

  /** Runs the task for the first time, and goes on until `stop`. Resolves after the first run. */
  start(): Promise<void> {
    this.#begin();
    return this.#running;
  }

  /** Asks for a run as soon as the minimum gap allows. Does nothing before the start and after the stop. */
  trigger(): void {
    if (this.#state === 'waiting') this.#begin();
    else this.#triggered = true;
  }

  /** Starts no further run, and resolves when the current one has ended. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    await this.#running;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#state = 'running';
    this.#triggered = false;
    this.#nextInMs = Number.POSITIVE_INFINITY;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { run, onError, minGapMs } = this.#options;
    try {
      const result = await run();
      if (result?.more) this.#triggered = true;
      this.#nextInMs = result?.nextInMs ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      onError(error);
    }
    if (this.#isStopped()) return;
    this.#state = 'gap';
    this.#after(minGapMs, () => this.#endGap());
  }

  #endGap(): void {
    const { intervalMs, minGapMs } = this.#options;
    if (this.#triggered || this.#nextInMs <= minGapMs) {
      this.#begin();
      return;
    }
    this.#state = 'waiting';
    this.#after(Math.min(intervalMs, this.#nextInMs) - minGapMs, () => this.#begin());
  }

  /** The timer does not keep the process alive. A delay that it cannot take is waited for in parts. */
  #after(delayMs: number, next: () => void): void {
    const partMs = Math.min(delayMs, TIMER_MAX_MS);
    const onPart = partMs < delayMs ? () => this.#after(delayMs - partMs, next) : next;
    this.#timer = setTimeout(onPart, partMs).unref();
  }

  /** The task may be stopped during a run. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
