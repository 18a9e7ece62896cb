/**
 * Audits the stock in the background when it is asked for, never twice at once. It reads one step at a time
 * and rests as long as each step took, so requests keep most of the database.
 */

import type { Logger } from 'pino';
import { isOutage } from '../db/errors.ts';
import type { AuditReport, AuditState } from '../domain/stock/audit.ts';
import { auditStock } from '../domain/stock/audit.ts';
import type { AuditSource } from '../domain/stock/findings.ts';
import type { Clock } from '../timing/clock.ts';

export interface AuditOptions {
  readonly read: AuditSource['read'];
  readonly now: Clock;
  /** Waits, in milliseconds; rejects when the signal aborts. */
  readonly sleep: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** Ends the audit: it rejects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The most time between the moments at which two nodes show the same change, in milliseconds: nodes that are
 * behind are not read, and what is not acknowledged yet follows within a moment.
 */
const SETTLE_MS = 500;

/** One audit, at an even pace. */
export function auditSlowly({ read, now, sleep, signal }: AuditOptions): Promise<AuditReport> {
  return auditStock({
    settle: async () => void (await sleep(SETTLE_MS, signal)),
    read: async (work) => {
      const beganMs = now();
      const result = await read(work);
      await sleep(now() - beganMs, signal);
      return result;
    },
  });
}

/** The audits of this instance. */
export class StockAudit {
  readonly #options: AuditOptions & { readonly logger: Logger };
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #last: { readonly endedMs: number; readonly durationMs: number; readonly report?: AuditReport } | undefined;
  /** The last one that did not fail. */
  #lastReport: { readonly endedMs: number; readonly report: AuditReport } | undefined;

  constructor(options: AuditOptions & { readonly logger: Logger }) {
    this.#options = options;
  }

  /** Whether an audit runs, and what the last one found. */
  get state(): AuditState {
    const running = this.#running !== undefined;
    if (this.#last === undefined) return { running, last: undefined };
    const { endedMs, ...last } = this.#last;
    return { running, last: { ...last, ageMs: this.#options.now() - endedMs } };
  }

  /** What the last audit that did not fail found, and how old that is; undefined before the first one. */
  get known(): { readonly ageMs: number; readonly findingCount: number } | undefined {
    if (this.#lastReport === undefined) return undefined;
    const { endedMs, report } = this.#lastReport;
    return { ageMs: this.#options.now() - endedMs, findingCount: report.findingCount };
  }

  /** Starts an audit, unless one runs. */
  start(): void {
    if (this.#stopped.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends a running audit after its step. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { logger, now } = this.#options;
    const { signal } = this.#stopped;
    const beganMs = now();
    try {
      const report = await auditSlowly({ ...this.#options, signal });
      this.#lastReport = { endedMs: now(), report };
      this.#last = { ...this.#lastReport, durationMs: now() - beganMs };
      const { findings, findingCount, skus, unsettledSkus } = report;
      const counts = { skus, unsettledSkus, findingCount };
      if (findingCount > 0) logger.error({ ...counts, first: findings[0] }, 'the stock audit found faults');
      else logger.info(counts, 'the stock audit found nothing');
    } catch (error) {
      if (signal.aborted) return;
      this.#last = { endedMs: now(), durationMs: now() - beganMs };
      logger[isOutage(error) ? 'warn' : 'error']({ err: error }, 'the stock audit failed');
    }
  }
}
