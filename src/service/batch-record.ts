/**
 * Records the batches of an operation: their sizes, the times of their stages, failures by reason; the log of
 * slow and failed ones; and the span of a batch that has requests with spans.
 */
import type { TransactionTrace } from '../db/types.ts';
import type { HistogramSeries } from '../telemetry/array-histogram.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import type { BatchLog } from './batch-log.ts';
import type { Batch } from './batcher.ts';
import { refusalOf } from './failures.ts';

/** The stages of a batch that writes, in order. Each begins where the one before ends. */
const WRITE_STAGES = ['wait', 'connect', 'lock', 'decide', 'write', 'commit'] as const;
const READ_STAGES = ['wait', 'read'] as const;

/** What has happened at the end of each stage. */
const ENDS = {
  wait: 'began',
  connect: 'connected',
  lock: 'locked',
  decide: 'decided',
  write: 'written',
  commit: 'committed',
  read: 'read',
};

export type Stage = (typeof WRITE_STAGES)[number] | (typeof READ_STAGES)[number];

/** The moments between the stages, in milliseconds on the monotonic clock. */
type Moments = readonly number[];

/** The moments of a transaction that is done. A statement that nobody waits for may end behind COMMIT. */
export function momentsOf(trace: TransactionTrace): Moments {
  const { connectedMs, lockedMs, decidedMs, writtenMs, committedMs } = trace;
  const writtenBeforeMs = Math.min(Math.max(writtenMs, decidedMs), committedMs);
  return [connectedMs, Math.max(lockedMs, connectedMs), decidedMs, writtenBeforeMs, committedMs];
}

/** The moments that came in a transaction that failed. */
function reachedIn({ connectedMs, lockedMs, decidedMs }: TransactionTrace): Moments {
  const all = [connectedMs, lockedMs, decidedMs];
  const missing = all.indexOf(0);
  return missing < 0 ? all : all.slice(0, missing);
}

export interface BatchRecordOptions {
  readonly metrics: Metrics;
  readonly log: BatchLog;
  readonly tracer: Tracer | undefined;
}

export class BatchRecord {
  readonly #options: BatchRecordOptions;
  readonly #operation: string;
  readonly #sizes: HistogramSeries;
  readonly #stages: readonly Stage[];
  readonly #durations: readonly HistogramSeries[];
  readonly #retries: { inc(count: number): void };

  constructor(options: BatchRecordOptions, operation: string, kind: 'read' | 'write') {
    const { metrics } = options;
    this.#options = options;
    this.#operation = operation;
    this.#sizes = metrics.histogram('loms_batch_requests').of({ operation });
    const durations = metrics.histogram('loms_batch_stage_duration_seconds');
    this.#stages = kind === 'write' ? WRITE_STAGES : READ_STAGES;
    this.#durations = this.#stages.map((stage) => durations.of({ operation, stage }));
    this.#retries = metrics.counter('loms_transaction_retries_total').labels({ operation });
  }

  /**
   * Records a batch that is done.
   *
   * @param ends when each stage behind the first one ended.
   */
  done(batch: Batch, ends: Moments): void {
    const moments = [batch.sinceMs, batch.beganMs, ...ends];
    this.#sizes.record(batch.size);
    for (const [index, duration] of this.#durations.entries())
      duration.record(lengthMs(moments, index) / 1_000);
    const endMs = moments.at(-1) ?? 0;
    const stages = () =>
      Object.fromEntries(this.#stages.map((stage, index) => [stage, Math.round(lengthMs(moments, index))]));
    this.#options.log.done(this.#operation, batch, endMs - batch.beganMs, stages);
    this.#trace(batch, endMs, moments.slice(2), undefined);
  }

  /** Records how often a transaction was attempted. */
  attempted(attempts: number): void {
    if (attempts > 1) this.#retries.inc(attempts - 1);
  }

  /** Records a batch that failed as a whole. */
  failed(error: unknown, batch: Batch, nowMs: number): void {
    const { reason } = refusalOf(error).refusal;
    const { metrics, log } = this.#options;
    metrics.counter('loms_batch_failures_total').inc({ operation: this.#operation, reason });
    log.failed(this.#operation, error, batch);
    this.#trace(batch, nowMs, reachedIn(batch.trace), reason);
  }

  /** Records the span of a batch, linked with those of its requests, which link back to it. */
  #trace(batch: Batch, endMs: number, ends: Moments, fault: string | undefined): void {
    const { tracer } = this.#options;
    if (tracer === undefined) return;
    const sampled = batch.callers().flatMap(({ trace }) => (trace?.isSampled ? [trace] : []));
    if (sampled.length === 0) return;
    const { statements, attempts } = batch.trace;
    const ids = tracer.recordBatch({
      name: `batch ${this.#operation}`,
      startMs: batch.beganMs,
      endMs,
      links: sampled,
      fault,
      events: ends.map((timeMs, index) => [ENDS[this.#stages[index + 1] ?? 'read'], timeMs]),
      attributes: {
        'loms.operation': this.#operation,
        'loms.batch.number': batch.number,
        'loms.batch.size': batch.size,
        'loms.batch.attempts': attempts,
        'loms.batch.statements': [...statements],
        ...(fault !== undefined && { 'error.type': fault, 'loms.batch.statement': batch.trace.statement }),
      },
    });
    for (const trace of sampled) trace.batch = ids;
  }
}

function lengthMs(moments: Moments, index: number): number {
  return (moments[index + 1] ?? 0) - (moments[index] ?? 0);
}
