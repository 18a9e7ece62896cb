/**
 * Faults of the event feed: its publisher is ended or loses the primary while it numbers events, or has a
 * rival that ignores its lock; readers do not read, or are away for longer than events are kept.
 */
import type pg from 'pg';
import { PUBLISHER_LOCK } from '../../../src/domain/locks.ts';
import { eventBatchDelete, eventPublish } from '../../../src/generated/sql/events.ts';
import { readBatches } from '../final-state.ts';
import { statements } from '../statements.ts';
import { connect } from './database.ts';
import { type Fault, type FaultContext, failedWrites, firstService, interruptedWrites } from './fault.ts';
import { killPrimary, promote } from './processes.ts';

/** How long batches gather at least before a publisher gets them, and how long until there is one. */
const GATHER_MS = 150;
const GATHER_LIMIT_MS = 5_000;
/** How long a publisher may take to begin with them. */
const BEGIN_LIMIT_MS = 3_000;
const LOOK_INTERVAL_MS = 5;
const TAKE_LOCK = `SELECT pg_advisory_xact_lock(${PUBLISHER_LOCK})`;
const TERMINATE = 'SELECT pg_terminate_backend($1)';

/** Lets batches gather behind the publisher's lock, and releases it after `before`. */
async function gather({ primary, pause }: FaultContext, before: () => Promise<unknown>): Promise<void> {
  const client = await connect(primary.url);
  try {
    await client.query('BEGIN');
    await client.query(TAKE_LOCK);
    const limitMs = performance.now() + GATHER_LIMIT_MS;
    for (let unpublished = 0; unpublished === 0 && performance.now() < limitMs; ) {
      await pause(GATHER_MS);
      const { rows } = await client.query(statements.feedHeadRead);
      unpublished = Number(rows[0].unpublished);
    }
    await before();
  } finally {
    await client.end();
  }
}

/**
 * Waits until a session of the service publishes.
 *
 * @param waits whether it must wait for a row.
 * @returns its process id; undefined at the time limit.
 */
async function publisherOf(client: pg.Client, { pause }: FaultContext, waits: boolean) {
  const limitMs = performance.now() + BEGIN_LIMIT_MS;
  while (performance.now() < limitMs) {
    const { rows } = await client.query(statements.publisherRead, [PUBLISHER_LOCK]);
    const [publisher] = rows;
    if (publisher !== undefined && (publisher.waits || !waits)) return Number(publisher.pid);
    await pause(LOOK_INTERVAL_MS);
  }
  return undefined;
}

/**
 * Stops a publisher between its read and its update, by locks on what it has read. Returns whether it
 * could.
 */
async function stopPublisher(
  context: FaultContext,
  end: (pid: number, client: pg.Client) => Promise<unknown>,
) {
  const blocker = await connect(context.primary.url);
  const observer = await connect(context.primary.url);
  try {
    await blocker.query('BEGIN');
    await gather(context, () => blocker.query(statements.waitingBatchesLock));
    const pid = await publisherOf(observer, context, true);
    if (pid !== undefined) await end(pid, observer);
    return pid !== undefined;
  } finally {
    await blocker.end();
    await observer.end();
  }
}

const TERMINATED = 6;
const ATTEMPTS_MAX = 20;

export const publisherKill: Fault = {
  kind: 'publisher-kill',
  what: 'six times the publisher stopped between read and update, its session terminated; then kill -9',
  hadEffect: interruptedWrites,
  async inject(context) {
    let stopped = 0;
    for (let left = ATTEMPTS_MAX; left > 0 && stopped <= TERMINATED; left--) {
      const isStopped = await stopPublisher(context, (pid, client) =>
        stopped < TERMINATED ? client.query(TERMINATE, [pid]) : firstService(context).kill(),
      );
      if (isStopped) stopped++;
    }
    if (stopped > TERMINATED) return;
    throw new Error(`the fault had no effect: ${stopped} publishers were stopped as they published`);
  },
  heal: (context) => firstService(context).start(),
};

export const publisherPromote: Fault = {
  kind: 'publisher-promote',
  what: 'kill -9 of the primary while the commit of the publisher waits for the replica, then its promotion',
  hadEffect: failedWrites,
  async inject(context) {
    const observer = await connect(context.primary.url);
    try {
      await gather(context, async () => {
        context.relays.wal.silent = true;
      });
      if ((await publisherOf(observer, context, false)) === undefined) {
        throw new Error('the fault had no effect: no publisher waited for the replica');
      }
    } finally {
      // The server ends it.
      void observer.end().catch(() => {});
    }
    await killPrimary(context);
  },
  async heal(context) {
    await promote(context);
    context.relays.wal.silent = false;
  },
};

const RIVAL_MS = 2_500;
const RIVAL_BATCHES = 1_000n;

export const twoPublishers: Fault = {
  kind: 'two-publishers',
  what: 'two processes of the service, and a third publisher that ignores the lock, for 2.5 seconds',
  services: 2,
  async inject(context) {
    const { history, pause, random, primary } = context;
    const client = await connect(primary.url);
    const untilMs = history.now() + RIVAL_MS;
    let published = 0;
    try {
      while (history.now() < untilMs) {
        // Now and then all of them begin at once.
        if (random.chance(0.2)) await gather(context, async () => {});
        published += await publishUnlocked(client, () => pause(random.between(0, 30)));
        await pause(random.between(0, 10));
      }
    } finally {
      await client.end();
    }
    history.note(`the rival has published ${published} batches`);
    if (published === 0) throw new Error('the fault had no effect: the rival has published nothing');
  },
};

/** Not that of the service, so that it publishes beside it. */
const RIVAL_LOCK = 1n;

/**
 * Publishes without the lock of the service. Returns how many batches: none where another publisher was
 * faster.
 */
async function publishUnlocked(client: pg.Client, beforeCommit: () => Promise<void>): Promise<number> {
  await client.query('BEGIN');
  try {
    const [row] = await eventPublish.run({ lock: RIVAL_LOCK, limit: RIVAL_BATCHES }, client);
    await beforeCommit();
    await client.query('COMMIT');
    return row?.batches ?? 0;
  } catch (error) {
    // A position twice, or a deadlock.
    if ((error as { code?: string }).code === undefined) throw error;
    await client.query('ROLLBACK');
    return 0;
  }
}

/** Long enough that a stream whose buffers fill up soon is ended. */
const HELD_MS = 34_000;

export const slowReaders: Fault = {
  kind: 'slow-readers',
  what: 'two readers of streams, SSE and gRPC, that do not read for 34 seconds, with their streams open',
  async inject({ readers, pause }) {
    const slow = [readers.of('SSE'), readers.of('WatchEvents')];
    const releases = slow.map((reader) => reader.hold());
    try {
      await pause(HELD_MS);
      const { position } = readers.of('ListEvents');
      if (slow.every((reader) => reader.position < position)) return;
      throw new Error('the fault had no effect: who did not read is not behind who did');
    } finally {
      for (const release of releases) release();
    }
  },
};

const AWAY_MS = 1_500;
const RETENTION_MS = 500;

export const feedRetention: Fault = {
  kind: 'feed-retention',
  what: 'readers away for 1.5 seconds, with events kept for half a second',
  hadEffect: (_calls, { resumes }) => resumes.some(({ reason }) => reason === 'CURSOR_EXPIRED'),
  async inject(context) {
    const { readers, random } = context;
    const stream = random.pick(['SSE', 'WatchEvents'] as const);
    const returns = [readers.of('ListEvents'), readers.of(stream), readers.ofStock].map((each) =>
      each.leave(),
    );
    try {
      await context.pause(AWAY_MS);
      await removeOldBatches(context);
    } finally {
      for (const comeBack of returns) comeBack();
    }
  },
};

/** Removes batches as the service does after its retention, and records them for the checker. */
async function removeOldBatches({ primary, history }: FaultContext): Promise<void> {
  const client = await connect(primary.url);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const before = await readBatches(client);
    await eventBatchDelete.run({ retentionMs: RETENTION_MS, limit: BigInt(before.length) }, client);
    const kept = new Set((await readBatches(client)).map(({ batchId }) => batchId));
    await client.query('COMMIT');
    history.removed.push(...before.filter(({ batchId }) => !kept.has(batchId)));
    history.note(`${history.removed.length} batches of events removed`);
  } finally {
    await client.end();
  }
}
