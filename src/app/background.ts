/** The work in the background: the workers, and what runs at intervals. The app starts and stops it. */
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Router } from '../db/cluster/router.ts';
import type { Database } from '../db/types.ts';
import { readBacklog } from '../domain/backlog.ts';
import { publishEvents, removeEvents } from '../domain/events/publish.ts';
import { removeKeys } from '../domain/idempotency/store.ts';
import { expireOrders, findOverdue } from '../domain/orders/expire.ts';
import { removeOrders } from '../domain/orders/remove.ts';
import { removeMovements } from '../domain/stock/retention.ts';
import { FeedWatch } from '../service/feed-watch.ts';
import { monotonicMs } from '../timing/clock.ts';
import type { PeriodicTask } from '../timing/periodic.ts';
import type { StockAudit } from '../workers/audit-stock.ts';
import { OrderExpiry } from '../workers/expire-orders.ts';
import { EventPublisher } from '../workers/publish-events.ts';
import { EventRemoval } from '../workers/remove-events.ts';
import { KeyRemoval } from '../workers/remove-keys.ts';
import { MovementRemoval } from '../workers/remove-movements.ts';
import { OrderRemoval } from '../workers/remove-orders.ts';
import type { Closers } from './lifecycle.ts';
import { showBacklog } from './observation.ts';
import { createTask, type TaskParts } from './tasks.ts';

/** Those of `createWorkers` that always run. */
const WORKERS = 3;

/** The publisher, the watches of the feed and of what waits, an audit, and the check of the schema. */
const OTHERS = 5;

/** How many connections the work in the background uses at most: each part uses one at a time. */
export function backgroundConnections({ orderRetentionMs, ledgerRetentionMs }: Config['workers']): number {
  const optional = [orderRetentionMs, ledgerRetentionMs].filter((retentionMs) => retentionMs > 0);
  return WORKERS + optional.length + OTHERS;
}

/** The background work on the database, to be started when the schema is there. */
export function createWorkers(
  { orderRetentionMs, ledgerRetentionMs, eventRetentionMs }: Config['workers'],
  database: Database,
  parts: TaskParts,
): PeriodicTask[] {
  const { logger } = parts;
  const keyRemoval = new KeyRemoval({
    remove: (limit) => database.write((tx) => removeKeys(tx, limit)),
    logger,
  });
  const orderRemoval = new OrderRemoval({
    retentionMs: orderRetentionMs,
    remove: (window) => database.write((tx) => removeOrders(tx, window)),
    logger,
  });
  const movementRemoval = new MovementRemoval({
    retentionMs: ledgerRetentionMs,
    remove: (window) => database.write((tx) => removeMovements(tx, window)),
    logger,
  });
  const orderExpiry = new OrderExpiry({
    find: (limits, except) => database.read((db) => findOverdue(db, limits, except), { primaryFirst: true }),
    expire: (orderIds) => database.write((tx) => expireOrders(tx, orderIds)),
    now: monotonicMs,
    logger,
  });
  const eventRemoval = new EventRemoval({
    retentionMs: eventRetentionMs,
    remove: (window) => database.write((tx) => removeEvents(tx, window)),
    logger,
  });
  const workers = [
    orderExpiry,
    keyRemoval,
    eventRemoval,
    ...(orderRetentionMs > 0 ? [orderRemoval] : []),
    ...(ledgerRetentionMs > 0 ? [movementRemoval] : []),
  ];
  return workers.map((worker) => createTask(worker, parts));
}

/** How often what waits is looked at: not more often than most scrapers ask. */
const BACKLOG_SCHEDULE = { intervalMs: 5_000, minGapMs: 5_000 };

/** Observes what waits for the background work. */
export function createBacklogWatch(database: Database, parts: TaskParts): PeriodicTask {
  const runOnce = async () => {
    showBacklog(parts.metrics, await database.read(readBacklog, { primaryFirst: true }));
    return undefined;
  };
  return createTask({ name: 'observe-backlog', schedule: BACKLOG_SCHEDULE, runOnce }, parts);
}

/** Audits the stock at an interval, in milliseconds: for the first time after one. */
export function createAudits(
  audit: Pick<StockAudit, 'start'>,
  intervalMs: number,
  parts: TaskParts,
): PeriodicTask {
  let isStart = true;
  const runOnce = async () => {
    if (!isStart) audit.start();
    isStart = false;
    return undefined;
  };
  return createTask({ name: 'audit-stock', schedule: { intervalMs, minGapMs: intervalMs }, runOnce }, parts);
}

/** Watches the feed for those who wait for events. */
export function createWatch(logger: Logger, router: Router, closers: Closers): FeedWatch {
  const onError = (err: unknown) => logger.debug({ err }, 'the feed could not be read');
  const watch = new FeedWatch({ read: (work) => router.read(work), onError });
  closers.push(() => watch.stop());
  return watch;
}

/** Publishes events, to be started when the schema is there. */
export function createPublisher(
  router: Router,
  onPublished: (head: bigint) => void,
  parts: TaskParts,
): PeriodicTask {
  const { logger } = parts;
  const publish = (batchesMax: number) => router.write((tx) => publishEvents(tx, batchesMax));
  const publisher = new EventPublisher({ publish, onPublished, logger });
  return createTask(publisher, parts);
}
