/**
 * Publishes events: gives positions to what is committed. It is triggered after every write of this instance,
 * and looks at an interval for what others have left, or could not publish themselves.
 */

import type { Logger } from 'pino';
import { isOutage } from '../db/errors.ts';
import type { Published } from '../domain/events/publish.ts';
import type { RunResult } from '../timing/periodic.ts';

export interface EventPublisherOptions {
  /** Publishes up to `batchesMax` batches; `busy` while another one is at it. */
  readonly publish: (batchesMax: number) => Promise<Published | 'busy'>;
  /** Called with the last position of the feed when readers have something to read. */
  readonly onPublished: (head: bigint) => void;
  readonly logger: Logger;
}

/** How many batches one run publishes at most: it bounds its transaction. */
const RUN_BATCHES_MAX = 1_000;

export class EventPublisher {
  readonly name = 'publish-events';
  /**
   * A run costs a transaction, which all writes of the gap share. Behind a publisher that failed, the events
   * of this instance wait for the interval.
   */
  readonly schedule = { intervalMs: 200, minGapMs: 7 };
  readonly #options: EventPublisherOptions;

  constructor(options: EventPublisherOptions) {
    this.#options = options;
  }

  /** Publishes what is committed. During an outage there is nothing to do. */
  async runOnce(): Promise<RunResult & { readonly batches: number }> {
    const { publish, onPublished, logger } = this.#options;
    try {
      const published = await publish(RUN_BATCHES_MAX);
      // What was committed since the other one began to read is left.
      if (published === 'busy') return { batches: 0, more: true };
      if (published.lastPosition !== undefined) onPublished(published.lastPosition);
      return { batches: published.batches, more: published.batches === RUN_BATCHES_MAX };
    } catch (error) {
      if (!isOutage(error)) throw error;
      logger.debug({ err: error }, 'events are not published during an outage');
      return { batches: 0 };
    }
  }
}
