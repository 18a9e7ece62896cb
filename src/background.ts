/** The work in the background: the workers, and what runs at intervals. The app starts and stops it. */
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { Router } from './db/cluster/router.ts';
import type { Database } from './db/types.ts';
import { publishEvents, removeEvents } from './domain/events/publish.ts';
import { removeKeys } from './domain/idempotency/store.ts';
import { expireOrders, findOverdue } from './domain/orders/expire.ts';
import { removeOrders } from './domain/orders/remove.ts';
import { removeMovements } from './domain/stock/retention.ts';
import { FeedWatch } from './service/feed-watch.ts';
import { monotonicMs } from './timing/clock.ts';
import { type PeriodicOptions, PeriodicTask } from './timing/periodic.ts';
import { OrderExpiry } from './workers/expire-orders.ts';
import { EventPublisher } from './workers/publish-events.ts';
import { EventRemoval } from './workers/remove-events.ts';
import { KeyRemoval } from './workers/remove-keys.ts';
import { MovementRemoval } from './workers/remove-movements.ts';
import { OrderRemoval } from './workers/remove-orders.ts';

/** What must be closed, in the order in which it was opened. */
export type Closers = (() => Promise<unknown>)[];

/**
 * Closes everything in the reverse order, also what is behind one that fails. Throws the first error then.
 */
export async function closeAll(closers: Closers): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.splice(0).reverse()) await close().catch((error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/** The background work on the database, to be started when the schema is there. */
export function createWorkers(
  { orderRetentionMs, ledgerRetentionMs, eventRetentionMs }: Config['workers'],
  logger: Logger,
  database: Database,
  closers: Closers,
): PeriodicTask[] {
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
    find: (limits) => database.read((db) => findOverdue(db, limits)),
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
    ...[orderExpiry, keyRemoval, eventRemoval],
    ...(orderRetentionMs > 0 ? [orderRemoval] : []),
    ...(ledgerRetentionMs > 0 ? [movementRemoval] : []),
  ];
  return workers.map((worker) =>
    createTask(worker.name, worker.schedule, () => worker.runOnce(), logger, closers),
  );
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
  logger: Logger,
  router: Router,
  onPublished: () => void,
  closers: Closers,
): PeriodicTask {
  const publish = (batchesMax: number) => router.write((tx) => publishEvents(tx, batchesMax));
  const publisher = new EventPublisher({ publish, onPublished, logger });
  return createTask(publisher.name, publisher.schedule, () => publisher.runOnce(), logger, closers);
}

/** A task in the background, which the app stops. After a failed run the next one has the same to do. */
function createTask(
  name: string,
  schedule: Pick<PeriodicOptions, 'intervalMs' | 'minGapMs'>,
  run: PeriodicOptions['run'],
  logger: Logger,
  closers: Closers,
): PeriodicTask {
  const onError = (error: unknown) => logger.warn({ err: error, task: name }, 'background task failed');
  const task = new PeriodicTask({ ...schedule, run, onError });
  closers.push(() => task.stop());
  return task;
}

/** A task that runs from now on. */
export function startTask(...task: Parameters<typeof createTask>): void {
  void createTask(...task).start();
}
