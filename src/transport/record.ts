/** Records the requests of an operation: durations by status, refusals by reason, replays. */
import type { Reason } from '../domain/errors.ts';
import type { ServedName } from '../domain/operations.ts';
import type { Outcome, Refusal } from '../domain/outcome.ts';
import type { ArrayHistogram, HistogramSeries } from '../telemetry/array-histogram.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Records a request by its outcome. */
export type RecordRequest = (outcome: Outcome<unknown>, durationMs: number) => void;

export interface RecordOptions {
  readonly metrics: Metrics;
  readonly transport: 'REST' | 'gRPC';
  readonly operation: ServedName;
  /** The transport's own histogram. */
  readonly durations: ArrayHistogram;
  /** Its labels for a status. */
  readonly labelsOf: (status: string) => Readonly<Record<string, string>>;
  /** The status that the transport answers; undefined is for a success. */
  readonly statusOf: (refusal: Refusal | undefined) => string;
}

/** What is recorded of the requests that end for one reason. */
interface Recorded {
  readonly series: HistogramSeries;
  readonly refused: { inc(): void } | undefined;
}

/** Makes the recorder of an operation. Series are made when they are first needed. */
export function requestRecorder(options: RecordOptions): RecordRequest {
  const { metrics, transport, operation, durations, labelsOf, statusOf } = options;
  const refusals = metrics.counter('loms_refusals_total');
  const replays = metrics.counter('loms_replays_total').labels({ transport, operation });
  const byReason = new Map<Reason | undefined, Recorded>();
  const byStatus = new Map<string, HistogramSeries>();

  function open(refusal: Refusal | undefined): Recorded {
    const status = statusOf(refusal);
    const series = byStatus.get(status) ?? durations.of(labelsOf(status));
    const reason = refusal?.reason;
    const recorded = { series, refused: reason && refusals.labels({ transport, operation, reason }) };
    byStatus.set(status, series);
    byReason.set(reason, recorded);
    return recorded;
  }

  return (outcome, durationMs) => {
    const refusal = outcome.ok ? undefined : outcome.refusal;
    const { series, refused } = byReason.get(refusal?.reason) ?? open(refusal);
    series.record(durationMs / 1_000);
    refused?.inc();
    if (outcome.replayed) replays.inc();
  };
}
