/**
 * Records the requests of an operation: durations by status, refusals by reason, replays; what spans show.
 */
import { failureCodes, type Reason, reasons } from '../domain/errors.ts';
import type { ServedName } from '../domain/operations.ts';
import type { Outcome, Refusal } from '../domain/outcome.ts';
import type { ArrayHistogram, HistogramSeries } from '../telemetry/array-histogram.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The reasons for which a request counts as failed by the service, not by its caller. */
export const failureReasons = (Object.keys(reasons) as Reason[]).filter((reason) =>
  failureCodes.has(reasons[reason]),
);

/** What alerts watch. These counters are shown from the start: one that appears later has not risen. */
const watchedReasons: readonly Reason[] = [...failureReasons, 'QUEUE_FULL'];

/** Attributes by the names of OpenTelemetry's conventions. */
export type Attributes = Readonly<Record<string, string | number>>;

export interface RecordOptions {
  readonly metrics: Metrics;
  readonly transport: 'REST' | 'gRPC';
  readonly operation: ServedName;
  /** The transport's own histogram. */
  readonly durations: ArrayHistogram;
  /**
   * What spans show of a request with a status. The labels of the histogram are the same, with underscores.
   */
  readonly attributesOf: (status: string) => Attributes;
  /** The status that the transport answers; undefined is for a success. */
  readonly statusOf: (refusal: Refusal | undefined) => string;
}

/** What is recorded of the requests that end for one reason. */
interface Recorded {
  readonly attributes: Attributes;
  readonly series: HistogramSeries;
  readonly refused: { inc(): void } | undefined;
}

/** The recorder of an operation. Series are made when they are first needed. */
export class RequestRecord {
  readonly #options: RecordOptions;
  readonly #replays: { inc(): void };
  readonly #byReason = new Map<Reason | undefined, Recorded>();
  readonly #byStatus = new Map<string, HistogramSeries>();

  constructor(options: RecordOptions) {
    const { metrics, transport, operation } = options;
    this.#options = options;
    const refusals = metrics.counter('loms_refusals_total');
    for (const reason of watchedReasons) refusals.inc({ transport, operation, reason }, 0);
    this.#replays = metrics.counter('loms_replays_total').labels({ transport, operation });
  }

  /** Records a request by its outcome. */
  done(outcome: Outcome<unknown>, durationMs: number): void {
    const { series, refused } = this.#of(outcome);
    series.record(durationMs / 1_000);
    refused?.inc();
    if (outcome.replayed) this.#replays.inc();
  }

  /** What its span shows. */
  attributesOf(outcome: Outcome<unknown>): Attributes {
    return this.#of(outcome).attributes;
  }

  #of(outcome: Outcome<unknown>): Recorded {
    const refusal = outcome.ok ? undefined : outcome.refusal;
    return this.#byReason.get(refusal?.reason) ?? this.#open(refusal);
  }

  #open(refusal: Refusal | undefined): Recorded {
    const { metrics, transport, operation, durations, attributesOf, statusOf } = this.#options;
    const status = statusOf(refusal);
    const attributes = attributesOf(status);
    const series = this.#byStatus.get(status) ?? durations.of(labelsOf(attributes));
    const reason = refusal?.reason;
    const refused = reason && metrics.counter('loms_refusals_total').labels({ transport, operation, reason });
    const recorded = { attributes, series, refused };
    this.#byStatus.set(status, series);
    this.#byReason.set(reason, recorded);
    return recorded;
  }
}

function labelsOf(attributes: Attributes): Record<string, string> {
  const labels = Object.entries(attributes).map(([name, value]) => [name.replaceAll('.', '_'), `${value}`]);
  return Object.fromEntries(labels);
}
