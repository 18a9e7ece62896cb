/**
 * The service: joins domain and database. Each operation has a batcher of its own, so that none waits behind
 * another kind; a batch of writes is one transaction on the primary, a batch of reads one statement on any
 * healthy node.
 */
import type { Logger } from 'pino';
import { statementName } from '../db/statements.ts';
import type { Database, Reader } from '../db/types.ts';
import { type Loms, type Operation, operations, type Submit } from '../domain/operations.ts';
import type { Holds } from '../domain/orders/holds.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Settings } from '../domain/settings.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { audited } from './audit-log.ts';
import { BatchLog } from './batch-log.ts';
import { BatchRecord, momentsOf } from './batch-record.ts';
import { type Batch, Batcher, type BatcherOptions, type Claim } from './batcher.ts';
import { EventStreams, STREAM_READS_MAX } from './event-streams.ts';
import { refusalOf } from './failures.ts';
import type { FeedReaders } from './feed-readers.ts';
import type { FeedWatch } from './feed-watch.ts';
import { longPoll } from './long-poll.ts';
import { takeBack } from './take-back.ts';

export interface BatchingOptions {
  /** The most requests of one operation in its queue; past it the next one is refused. */
  readonly queueMax: number;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /**
   * How many batches of one operation run side by side: of a write, and of a read. Of a write no more than
   * `SHARING_LANES_MAX` may lock the same stock.
   */
  readonly writeLanes: number;
  readonly readLanes: number;
}

export interface ServiceOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Without it no spans are recorded. */
  readonly tracer?: Tracer | undefined;
  /** A batch that runs longer is logged, in milliseconds; 0 is for none. */
  readonly slowBatchMs: number;
  readonly batching: BatchingOptions;
  readonly deadlines: Deadlines;
  readonly settings: Settings;
  /** Whether acknowledged writes are logged. */
  readonly auditLog?: boolean;
  /** For lists that wait for events. */
  readonly watch: FeedWatch;
  readonly readers: FeedReaders;
}

export type Service = Loms & {
  /** Resolves when every accepted request has its reply. */
  drain(): Promise<void>;
};

/**
 * A batch weighs no more lines than this, which bounds the time that it holds locks, and that the orders of
 * other clients wait for it. As many as a full batch of small orders.
 */
export const BATCH_LINES_MAX = 2_000;

/**
 * The most batches of a write that may lock the same stock. One waits in PostgreSQL for the locks of the
 * other, and so begins as soon as that one is committed. More would only wait, in smaller batches.
 */
export const SHARING_LANES_MAX = 2;

/** A hedged read may leave its first attempt behind on a slow node. */
const ATTEMPTS_PER_READ = 2;

/** The lanes of an operation: those of any batches, and more of those that share no stock with them. */
function lanesOf(operation: Operation, { writeLanes, readLanes }: BatchingOptions) {
  if (operation.kind === 'read') return { lanes: readLanes };
  const { linesOf } = operation;
  const lanes = Math.min(writeLanes, SHARING_LANES_MAX);
  if (linesOf === undefined || writeLanes === lanes) return { lanes };
  return { lanes, spread: { lanes: writeLanes - lanes, linesOf } };
}

/** The most connections to one node that the operations and streams use at once. */
export function connectionsNeeded(batching: BatchingOptions): number {
  return Object.values<Operation>(operations).reduce((sum, operation) => {
    const { lanes, spread } = lanesOf(operation, batching);
    const batches = lanes + (spread?.lanes ?? 0);
    return sum + (operation.kind === 'read' ? batches * ATTEMPTS_PER_READ : batches);
  }, STREAM_READS_MAX * ATTEMPTS_PER_READ);
}

/** Adds to an operation what surrounds its batches. */
function wrapped(name: string, operation: Operation, submit: Submit, options: ServiceOptions): Submit {
  if (operation.kind === 'write')
    return options.auditLog ? audited(submit, name, operation, options.logger) : submit;
  const { waitsBehind } = operation;
  return waitsBehind ? longPoll(submit, waitsBehind, options) : submit;
}

type Run = BatcherOptions<unknown, Outcome<unknown>>['run'];

type WriteOperation = Extract<Operation, { kind: 'write' }>;

/** Builds the service on a database. */
export function createService(options: ServiceOptions): Service {
  const { database, metrics, tracer, deadlines, batching, settings, logger, slowBatchMs } = options;
  const log = new BatchLog({ logger, slowBatchMs, now: deadlines.now });

  function runOf(operation: Operation, record: BatchRecord): Run {
    if (operation.kind === 'write') return (claim, batch) => runWrite(operation, record, claim, batch);
    // Reads claim early: a read that times out is refused with DEADLINE_EXCEEDED whether or not it ran.
    return async (claim, batch) => {
      const requests = claim();
      const outcomes = await database.read((db) => operation.run(noting(db, batch), requests, settings));
      record.done(batch, [deadlines.now()]);
      return outcomes;
    };
  }

  async function runWrite(
    { run }: WriteOperation,
    record: BatchRecord,
    claim: Claim<unknown>,
    batch: Batch,
  ): Promise<Outcome<unknown>[]> {
    const { trace } = batch;
    let holds: Holds | undefined;
    for (;;) {
      const before = trace.attempts;
      const write = database.write((tx) => run(tx, claim(), settings, holds), trace);
      const result = await write.finally(() => record.attempted(trace.attempts - before));
      if (Array.isArray(result)) {
        record.done(batch, momentsOf(trace));
        return result;
      }
      batch.rolledBack();
      holds = await takeBack(database, result, holds);
    }
  }

  const batchers = new Map<string, Batcher<unknown, Outcome<unknown>>>();
  const entries = Object.entries<Operation>(operations).map(([name, operation]) => {
    const { kind, weigh, prepare, queueWeightMax = Number.POSITIVE_INFINITY } = operation;
    const record = new BatchRecord({ metrics, log, tracer }, name, kind);
    const batcher = new Batcher({
      run: runOf(operation, record),
      writes: kind === 'write',
      ...lanesOf(operation, batching),
      weigh,
      weightMax: BATCH_LINES_MAX,
      batchMax: batching.batchMax,
      queueMax: batching.queueMax,
      queueWeightMax,
      deadlines,
      replyTo: refusalOf,
      onFailure: (error, batch) => record.failed(error, batch, deadlines.now()),
    });
    batchers.set(name, batcher);
    const submit: Submit = (request, call) => {
      const prepared = prepare?.(request, call, settings);
      if (prepared?.ok === false) return Promise.resolve(prepared);
      return batcher.submit(prepared === undefined ? request : prepared.value, call);
    };
    return [name, wrapped(name, operation, submit, options)] as const;
  });
  const drain = () => drainAll([...batchers.values()]);
  const onError = (error: unknown) => log.failed('watchEvents', error);
  const streams = new EventStreams({ ...options, onError });
  const watchEvents: Loms['watchEvents'] = (request, call) => streams.open(request, call);
  metrics.onScrape(() => showQueues(metrics, batchers, options.readers));
  return { ...(Object.fromEntries(entries) as Omit<Loms, 'watchEvents'>), watchEvents, drain };
}

/** Resolves when every accepted request has its reply. */
async function drainAll(batchers: readonly Pick<Batcher<unknown, unknown>, 'drain'>[]): Promise<void> {
  await Promise.all(batchers.map((batcher) => batcher.drain()));
}

/** A connection for the reads of a batch, whose statements are noted. */
function noting(db: Reader, { trace }: Batch): Reader {
  return {
    clockAheadMs: db.clockAheadMs,
    query(text, values) {
      trace.statements.push(statementName(text));
      return db.query(text, values);
    },
  };
}

/** Sets the gauges of what waits and runs. */
function showQueues(
  metrics: Metrics,
  batchers: ReadonlyMap<string, Pick<Batcher<unknown, unknown>, 'state'>>,
  readers: FeedReaders,
): void {
  const waiting = metrics.gauge('loms_queue_requests');
  const ages = metrics.gauge('loms_queue_age_seconds');
  const running = metrics.gauge('loms_running_batches');
  for (const [operation, { state }] of batchers) {
    waiting.set({ operation }, state.waiting);
    ages.set({ operation }, state.oldestMs / 1_000);
    running.set({ operation }, state.running);
  }
  metrics.gauge('loms_event_readers').set(readers.count);
}
