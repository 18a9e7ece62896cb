/** Readiness: whether the service can do its work. Checked at an interval, so that a probe costs nothing. */
import type { Logger } from 'pino';
import { PeriodicTask } from '../timing/periodic.ts';

/** The nodes of the database, as far as readiness is concerned. */
export interface NodesState {
  /** Whether reads are answered: there is a healthy node. */
  readonly readable: boolean;
  /** Whether writes are accepted: the primary is healthy, and its commits get confirmed. */
  readonly writable: boolean;
  /** How many replicas confirm each commit; undefined before that is known. */
  readonly confirmedBy: number | undefined;
  /** What an operator sees of each node. */
  status(): readonly unknown[];
}

export interface Readiness {
  readonly ready: boolean;
  /** Anything that can be written as JSON, bigints included; shown by `/readyz`. */
  readonly details: { readonly writable?: boolean; readonly [more: string]: unknown };
}

/** What of the details everybody may see: not the names of our nodes. */
const OPEN_DETAILS = ['writable', 'keys'];

/** The details for a caller that is not known. */
export function openDetails(details: Readiness['details']): Readiness['details'] {
  return Object.fromEntries(Object.entries(details).filter(([name]) => OPEN_DETAILS.includes(name)));
}

export interface ReadinessOptions {
  readonly nodes: NodesState;
  /** Why the schema cannot be worked with; undefined when it can. Rejects while that cannot be found out. */
  readonly schemaProblem: () => Promise<string | undefined>;
  /** Whether the issuer's keys can be read, where tokens are checked. */
  readonly keys?: (() => unknown) | undefined;
  /** Called with the first state and with every change. */
  readonly onChange: (ready: boolean) => void;
  readonly intervalMs: number;
  readonly logger: Logger;
}

export class ReadinessWatch {
  readonly #options: ReadinessOptions;
  readonly #task: PeriodicTask;
  #schemaProblem: string | undefined = 'not checked yet';
  #isSchemaKnown = false;
  #stopping = false;
  #wasReady: boolean | undefined;

  constructor(options: ReadinessOptions) {
    const { intervalMs, logger } = options;
    this.#options = options;
    this.#task = new PeriodicTask({
      run: () => this.#check(),
      intervalMs,
      minGapMs: intervalMs,
      onError: (error) => logger.error({ err: error }, 'the check of the readiness failed'),
    });
  }

  /**
   * Ready means: migrated, with a healthy node for reads, and not stopping. Whether writes are accepted is
   * shown beside it: without them the service is still of use, and no other instance could do more.
   */
  get current(): Readiness {
    const { nodes, keys } = this.#options;
    const { readable, writable, confirmedBy } = nodes;
    const migrated = this.#schemaProblem === undefined;
    const details = {
      migrated,
      ...(migrated ? {} : { schemaProblem: this.#schemaProblem }),
      writable,
      confirmedBy,
      stopping: this.#stopping,
      ...(keys ? { keys: keys() } : {}),
      nodes: nodes.status(),
    };
    return { ready: migrated && readable && !this.#stopping, details };
  }

  /** Whether a check has reported a state. */
  get isStarted(): boolean {
    return this.#wasReady !== undefined;
  }

  /** Shows what the start waits for, until the first check has found out about the schema. */
  waitFor(reason: string): void {
    this.#schemaProblem = reason;
  }

  /** Checks now, and goes on until `stop`. */
  async start(): Promise<void> {
    await this.#task.start();
  }

  /** From now on the service is not ready. Resolves when the current check has ended. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#report();
    return this.#task.stop();
  }

  /** While the schema cannot be asked for, what was last known of it stands; before that, why it cannot. */
  async #check(): Promise<undefined> {
    const { schemaProblem, logger } = this.#options;
    const before = this.#schemaProblem;
    try {
      this.#schemaProblem = await schemaProblem();
      this.#isSchemaKnown = true;
    } catch (error) {
      if (!this.#isSchemaKnown) this.#schemaProblem = `not checked yet: ${(error as Error).message}`;
    }
    if (this.#schemaProblem !== undefined && this.#schemaProblem !== before) {
      logger.warn({ problem: this.#schemaProblem }, 'the schema cannot be used');
    }
    this.#report();
  }

  #report(): void {
    const { onChange, logger } = this.#options;
    const { ready, details } = this.current;
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    onChange(ready);
    if (ready) logger.info('ready');
    else if (!this.#stopping) logger.warn(details, 'not ready');
  }
}
