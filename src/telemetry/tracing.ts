/**
 * Spans, by the SDK of OpenTelemetry. A span is made when what it shows is over, with all that is known of
 * it, and only of what was sampled; nothing of the SDK runs before. This file is loaded only where spans are
 * exported.
 */
import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { LineLimit } from './line-limit.ts';
import { createSampler, type Sampling } from './sampling.ts';
import { version } from './version.ts';

export interface TracingOptions {
  /** The base of the collector's OTLP/HTTP; spans go to `/v1/traces` of it. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly sampling: Sampling;
  readonly logger: Logger;
  /** A monotonic clock, in milliseconds: that of all times below. */
  readonly now: () => number;
  /** The time of day, in milliseconds since the epoch. */
  readonly wallClock: () => number;
}

interface Ids {
  readonly traceId: string;
  readonly spanId: string;
}

/** What a span shows. */
interface Shown {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Spans of other traces that belong to it. */
  readonly links: readonly Ids[];
  /** The reason for which it failed through a fault of the service or the database. */
  readonly fault: string | undefined;
}

export interface RequestSpan extends Shown {
  /** Those that were answered. */
  readonly ids: Ids;
  /** The caller's `traceparent`. */
  readonly parent: string | undefined;
}

export interface BatchSpan extends Shown {
  readonly events: readonly (readonly [name: string, timeMs: number])[];
}

/** Records spans and exports them in the background. */
export interface Tracer {
  /** Whether a request is recorded: by its trace id, and the caller's decision if there is one. */
  readonly sample: (traceId: string, isParentSampled: boolean | undefined) => boolean;
  recordRequest(span: RequestSpan): void;
  /** Returns the ids of the span, for the requests of the batch to link to. */
  recordBatch(span: BatchSpan): Ids;
  /** Exports what is left. It never rejects. */
  stop(): Promise<void>;
}

/** The spans that wait for their export. Past it the next ones are dropped. */
const QUEUE_MAX = 2_048;
const EXPORT_MAX = 512;
const EXPORT_INTERVAL_MS = 1_000;
const EXPORT_TIMEOUT_MS = 5_000;

const FAILURE_LOG_INTERVAL_MS = 60_000;

/** Opens the export of spans. It connects when there is something to export. */
export function openTracing(options: TracingOptions): Tracer {
  const { endpoint, serviceName, sampling, logger } = options;
  const url = `${endpoint}/v1/traces`;
  const exporter = tolerant(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS }), options);
  const ids = new GivenIds();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    // What comes here is sampled already.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_MAX,
        maxExportBatchSize: EXPORT_MAX,
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('loms', version);
  const random = new RandomIdGenerator();
  logger.info({ endpoint, ...sampling }, 'spans are exported');

  function record(span: Shown & Partial<BatchSpan>, kind: SpanKind, given: Ids, parent?: SpanContext): void {
    // Times are shown by the clock of the day, whose steps must not change durations.
    const offsetMs = options.wallClock() - options.now();
    const { name, startMs, endMs, attributes, fault, events = [] } = span;
    const links = span.links.map((each): Link => ({ context: contextOf(each) }));
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    ids.next = given;
    const started = tracer.startSpan(
      name,
      { kind, startTime: startMs + offsetMs, attributes, links },
      context,
    );
    for (const [event, timeMs] of events) started.addEvent(event, undefined, timeMs + offsetMs);
    if (fault !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: fault });
    started.end(endMs + offsetMs);
  }

  return {
    sample: createSampler(sampling),
    recordRequest(span) {
      record(span, SpanKind.SERVER, span.ids, parentOf(span.parent));
    },
    recordBatch(span) {
      const given = { traceId: random.generateTraceId(), spanId: random.generateSpanId() };
      record(span, SpanKind.INTERNAL, given);
      return given;
    },
    stop: () => provider.shutdown().catch(() => {}),
  };
}

/** Gives each span the ids that were chosen for it. */
class GivenIds implements IdGenerator {
  next: Ids = { traceId: '', spanId: '' };
  generateTraceId = () => this.next.traceId;
  generateSpanId = () => this.next.spanId;
}

function contextOf({ traceId, spanId }: Ids): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** @param traceparent a valid one. */
function parentOf(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** An exporter whose failures are logged once a minute, and change nothing else. */
function tolerant(exporter: SpanExporter, { logger, now }: TracingOptions): SpanExporter {
  const limit = new LineLimit(1, FAILURE_LOG_INTERVAL_MS, now);
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const suppressed = result.error === undefined ? undefined : limit.take();
        if (suppressed !== undefined)
          logger.warn({ err: result.error, spans: spans.length, suppressed }, 'spans could not be exported');
        done({ code: 0 });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
