/**
 * The service: joins domain and database. Each operation has a batcher of its own, so that none waits behind
 * another kind; a batch of writes is one transaction on the primary, a batch of reads one statement on any
 * healthy node.
 */
import type { Logger } from 'pino';
import type { Database } from '../db/types.ts';
import type { Call } from '../domain/call.ts';
import { type Loms, type Operation, operations } from '../domain/operations.ts';
import type { Holds } from '../domain/orders/holds.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Settings } from '../domain/settings.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { Batcher, type BatcherOptions, type Claim } from './batcher.ts';
import { EventStreams, STREAM_READS_MAX } from './event-streams.ts';
import { createFailureLog, refusalOf } from './failures.ts';
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
  readonly batching: BatchingOptions;
  readonly deadlines: Deadlines;
  readonly settings: Settings;
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

type WriteOperation = Extract<Operation, { kind: 'write' }>;

/** Builds the service on a database. */
export function createService(options: ServiceOptions): Service {
  const { database, deadlines, batching, settings } = options;
  const logFailure = createFailureLog(options.logger, deadlines.now);

  function runOf(operation: Operation): BatcherOptions<unknown, Outcome<unknown>>['run'] {
    if (operation.kind === 'write') {
      return (claim) => runWrite(operation, claim);
    }
    // Reads claim early: a read that times out is refused with DEADLINE_EXCEEDED whether or not it ran.
    return async (claim) => {
      const requests = claim();
      return database.read((db) => operation.run(db, requests, settings));
    };
  }

  async function runWrite({ run }: WriteOperation, claim: Claim<unknown>): Promise<Outcome<unknown>[]> {
    let holds: Holds | undefined;
    for (;;) {
      const result = await database.write((tx) => run(tx, claim(), settings, holds));
      if (Array.isArray(result)) return result;
      holds = await takeBack(database, result, holds);
    }
  }

  const batchers: Batcher<unknown, Outcome<unknown>>[] = [];
  const entries = Object.entries<Operation>(operations).map(([name, operation]) => {
    const { kind, weigh, prepare, queueWeightMax = Number.POSITIVE_INFINITY } = operation;
    const batcher = new Batcher({
      run: runOf(operation),
      writes: kind === 'write',
      ...lanesOf(operation, batching),
      weigh,
      weightMax: BATCH_LINES_MAX,
      batchMax: batching.batchMax,
      queueMax: batching.queueMax,
      queueWeightMax,
      deadlines,
      replyTo: refusalOf,
      onFailure: (error, size) => logFailure(name, error, size),
    });
    batchers.push(batcher);
    const submit = (request: unknown, call: Call): Promise<Outcome<unknown>> => {
      const prepared = prepare?.(request, call, settings);
      if (prepared?.ok === false) return Promise.resolve(prepared);
      return batcher.submit(prepared === undefined ? request : prepared.value, call);
    };
    const waitsBehind = operation.kind === 'read' ? operation.waitsBehind : undefined;
    return [name, waitsBehind ? longPoll(submit, waitsBehind, options) : submit] as const;
  });
  const drain = async () => void (await Promise.all(batchers.map((batcher) => batcher.drain())));
  const onError = (error: unknown) => logFailure('watchEvents', error, 1);
  const streams = new EventStreams({ ...options, onError });
  const watchEvents: Loms['watchEvents'] = (request, call) => streams.open(request, call);
  return { ...(Object.fromEntries(entries) as Omit<Loms, 'watchEvents'>), watchEvents, drain };
}
