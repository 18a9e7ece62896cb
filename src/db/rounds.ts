/**
 * A task that is done again and again: at an interval, sooner when somebody asks for it, never twice at once,
 * and with a pause after each round, however often it is asked for.
 */
export class Rounds {
  readonly #round: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #state: 'busy' | 'waiting' | 'stopped' = 'stopped';
  #hastened = false;

  /**
   * @param round must not throw.
   * @param intervalMs the time between two rounds; a quarter of it is the pause that is always kept.
   */
  constructor(round: () => Promise<void>, intervalMs: number) {
    this.#round = round;
    this.#intervalMs = intervalMs;
    this.#pauseMs = Math.ceil(intervalMs / 4);
  }

  /** Does the first round and resolves after it. */
  async start(): Promise<void> {
    this.#state = 'busy';
    await this.#run();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  /** Asks for a round that begins from now on, and does not wait for it. Nothing before the start. */
  hasten(): void {
    this.#hastened = true;
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#timer);
    void this.#run();
  }

  async #run(): Promise<void> {
    this.#state = 'busy';
    this.#hastened = false;
    await this.#round();
    if (this.#isStopped()) return;
    this.#timer = setTimeout(() => this.#wait(), this.#pauseMs);
  }

  #wait(): void {
    if (this.#hastened) return void this.#run();
    this.#state = 'waiting';
    this.#timer = setTimeout(() => void this.#run(), this.#intervalMs - this.#pauseMs);
  }

  /** A round takes time, and a stop may come in it. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
