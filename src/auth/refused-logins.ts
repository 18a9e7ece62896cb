/** Counts refused logins by reason and logs the counts at a limited rate: an attack must not fill the log. */
import type { Logger } from 'pino';
import { type SetTimer, setNodeTimer } from '../timing/clock.ts';

/** At most one line in this time. */
export const REFUSED_LOG_INTERVAL_MS = 1_000;

export class RefusedLogins {
  readonly #logger: Logger;
  readonly #setTimer: SetTimer;
  readonly #counts = new Map<string, number>();

  constructor(logger: Logger, setTimer: SetTimer = setNodeTimer) {
    this.#logger = logger;
    this.#setTimer = setTimer;
  }

  /** @param reason one of a closed list, never something that a caller has sent. */
  count(reason: string): void {
    if (this.#counts.size === 0) this.#setTimer(() => this.#report(), REFUSED_LOG_INTERVAL_MS);
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  #report(): void {
    this.#logger.warn({ refused: Object.fromEntries(this.#counts) }, 'logins refused');
    this.#counts.clear();
  }
}
