/**
 * Readiness: whether the service can do its work, looked at again at an interval, so that asking is free.
 */
import type { Logger } from 'pino';
import type { NodeStatus } from '../db/cluster/node.ts';
import type { Router } from '../db/cluster/router.ts';
import { isMigrated } from '../db/schema/version.ts';

export interface ServiceState {
  readonly ready: boolean;
  readonly details: {
    readonly migrated: boolean;
    /** Whether writes are taken; reads may go on without. */
    readonly writable: boolean;
    readonly stopping: boolean;
    readonly nodes: readonly NodeStatus[];
  };
}

export class ReadinessWatch {
  readonly #router: Router;
  readonly #log: Logger;
  #onChange: (ready: boolean) => void = () => {};
  #migrated = false;
  #stopping = false;
  #wasReady: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(router: Router, log: Logger) {
    this.#router = router;
    this.#log = log;
  }

  /**
   * Ready means migrated, there is a node that answers reads, and the service is not about to stop. Whether writes are
   * taken too is told beside: without them it is still of use, and no other instance could do more.
   */
  get current(): ServiceState {
    const ready = this.#migrated && this.#router.readable && !this.#stopping;
    const { writable } = this.#router;
    const nodes = this.#router.status();
    return { ready, details: { migrated: this.#migrated, writable, stopping: this.#stopping, nodes } };
  }

  /**
   * Looks, and goes on to look at this interval until `stop`.
   *
   * @param onChange is told at once whether the service is ready, and of every change.
   */
  async start(intervalMs: number, onChange: (ready: boolean) => void): Promise<void> {
    this.#onChange = onChange;
    await this.look();
    if (this.#stopping) return;
    this.#timer = setTimeout(() => void this.start(intervalMs, onChange), intervalMs);
  }

  /** Says from now on that the service is not ready. */
  stop(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#tell();
  }

  /** Asks for the schema until it is there once; migrations are not taken back under a running service. */
  async look(): Promise<void> {
    const { primary } = this.#router;
    if (!this.#migrated && primary?.healthy) {
      this.#migrated = await isMigrated(primary.reader).catch(() => false);
    }
    this.#tell();
  }

  #tell(): void {
    const { ready, details } = this.current;
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    this.#onChange(ready);
    if (ready) this.#log.info('ready');
    else if (!this.#stopping) this.#log.warn(details, 'not ready');
  }
}
