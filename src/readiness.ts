/**
 * Readiness: whether the service can do its work, looked at again at an interval, so that asking is free.
 */
import { isMigrated } from './db/migrate.ts';
import type { NodeStatus } from './db/node.ts';
import type { Router } from './db/router.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly details: {
    readonly migrated: boolean;
    readonly stopping: boolean;
    readonly nodes: readonly NodeStatus[];
  };
}

export class ReadinessWatch {
  readonly #router: Router;
  readonly #onChange: (ready: boolean) => void;
  #migrated = false;
  #stopping = false;
  #wasReady = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange is told when the service becomes ready and when it is no longer. */
  constructor(router: Router, onChange: (ready: boolean) => void) {
    this.#router = router;
    this.#onChange = onChange;
  }

  /** Ready means migrated, the primary answers, and the service is not about to stop. */
  get current(): Readiness {
    const ready = this.#migrated && this.#router.primary.fit && !this.#stopping;
    const nodes = this.#router.status();
    return { ready, details: { migrated: this.#migrated, stopping: this.#stopping, nodes } };
  }

  /** Looks, and goes on to look at this interval until `stop`. */
  async start(intervalMs: number): Promise<void> {
    await this.look();
    if (this.#stopping) return;
    this.#timer = setTimeout(() => void this.start(intervalMs), intervalMs);
  }

  /** Says from now on that the service is not ready. */
  stop(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#tell();
  }

  /** Asks for the schema until it is there once; migrations are not taken back under a running service. */
  async look(): Promise<void> {
    if (!this.#migrated && this.#router.primary.fit) {
      this.#migrated = await isMigrated(this.#router.primary.reader).catch(() => false);
    }
    this.#tell();
  }

  #tell(): void {
    const { ready } = this.current;
    if (ready !== this.#wasReady) this.#onChange(ready);
    this.#wasReady = ready;
  }
}
