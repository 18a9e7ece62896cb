/** Records the batches of an operation: their sizes, the times of their stages, and failures by reason. */
import type { TransactionTrace } from '../db/types.ts';
import type { HistogramSeries } from '../telemetry/array-histogram.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { refusalOf } from './failures.ts';

/** The stages of a batch that writes, in order. Each begins where the one before ends. */
const WRITE_STAGES = ['wait', 'connect', 'lock', 'decide', 'write', 'commit'] as const;
const READ_STAGES = ['wait', 'read'] as const;

export type Stage = (typeof WRITE_STAGES)[number] | (typeof READ_STAGES)[number];

/** The moments between the stages, in milliseconds on the monotonic clock. */
type Moments = readonly number[];

/** The moments of a transaction that is done. A statement that nobody waits for may end behind COMMIT. */
export function momentsOf(trace: TransactionTrace): Moments {
  const { connectedMs, lockedMs, decidedMs, writtenMs, committedMs } = trace;
  const writtenBeforeMs = Math.min(Math.max(writtenMs, decidedMs), committedMs);
  return [connectedMs, Math.max(lockedMs, connectedMs), decidedMs, writtenBeforeMs, committedMs];
}

export class BatchRecord {
  readonly #metrics: Metrics;
  readonly #operation: string;
  readonly #sizes: HistogramSeries;
  readonly #stages: readonly HistogramSeries[];
  readonly #retries: { inc(count: number): void };

  constructor(metrics: Metrics, operation: string, kind: 'read' | 'write') {
    this.#metrics = metrics;
    this.#operation = operation;
    this.#sizes = metrics.histogram('loms_batch_requests').of({ operation });
    const durations = metrics.histogram('loms_batch_stage_duration_seconds');
    const stages: readonly Stage[] = kind === 'write' ? WRITE_STAGES : READ_STAGES;
    this.#stages = stages.map((stage) => durations.of({ operation, stage }));
    this.#retries = metrics.counter('loms_transaction_retries_total').labels({ operation });
  }

  /**
   * Records a batch that is done.
   *
   * @param moments when its oldest request came, when it began, and when each stage behind that ended.
   */
  done(size: number, moments: Moments): void {
    this.#sizes.record(size);
    for (const [index, stage] of this.#stages.entries()) {
      stage.record(((moments[index + 1] ?? 0) - (moments[index] ?? 0)) / 1_000);
    }
  }

  /** Records how often a transaction ran. */
  ran({ attempts }: TransactionTrace): void {
    if (attempts > 1) this.#retries.inc(attempts - 1);
  }

  /** Records a batch that failed as a whole. */
  failed(error: unknown): void {
    const outcome = refusalOf(error);
    const reason = outcome === undefined || outcome.ok ? 'INTERNAL' : outcome.refusal.reason;
    this.#metrics.counter('loms_batch_failures_total').inc({ operation: this.#operation, reason });
  }
}
