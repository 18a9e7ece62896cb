/**
 * The history of a run: every call with its answer, every fault and every ledger audit, in milliseconds since
 * the start of the run. One process records it, so its times give the true order.
 */
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CancelReason, Line, OrderStatus } from '../../src/domain/orders/order.ts';
import type { Operation, Transport } from '../../test/support/client.ts';
import type { AuditResult } from '../lib/ledger-audit.ts';
import type { Hold, Resume, SeenPage, StockCopy } from './feed/seen.ts';
import type { FinalBatch } from './final-state.ts';

/** The request of a call. */
export interface Request {
  readonly operation: Operation;
  /** createOrder: every intended order has a user of its own, by which it is found in the database. */
  readonly user?: number;
  readonly lines?: readonly Line[];
  /** createOrder, changes of stock: the idempotency key. Retries have the same. A count ignores it. */
  readonly key?: string;
  /** createOrder, extendOrder: how long the reservation is to last. */
  readonly ttlSeconds?: number;
  /** All other operations on orders. */
  readonly orderId?: number;
  /** payOrder: it may be late. */
  readonly acceptLate?: boolean;
  /** getStock */
  readonly sku?: number;
  /** adjustStock, countStock: every intended change has a reference of its own, as the ledger has it. */
  readonly reference?: string;
  readonly changes?: readonly StockChange[];
  readonly counts?: readonly StockCount[];
  /** countStock: when all of it was counted, in milliseconds since the epoch. */
  readonly countedAtMs?: number;
}

/** A line of adjustStock. */
export interface StockChange {
  readonly sku: number;
  readonly change: number;
  /** Undefined where any total will do. */
  readonly expectedTotal?: number;
}

/** A line of countStock. */
export interface StockCount {
  readonly sku: number;
  readonly counted: number;
}

/** What a caller knows of the outcome of a call. */
export interface Answer {
  /**
   * `ok` and `refused` are answers of the service; `refused` is also a call without a connection. `unknown`
   * is everything else: no answer, or one that states that.
   */
  readonly outcome: 'ok' | 'refused' | 'unknown';
  /** Why it was refused or is unknown. */
  readonly reason?: string;
  /** createOrder: the id in the answer, also that of an order kept as failed. */
  readonly answeredId?: number;
  /** createOrder: the lines without enough stock, as its refusal names them. */
  readonly shortages?: readonly Shortage[];
  /** The order's status, as read or as a refusal names it, and why it was cancelled. */
  readonly status?: OrderStatus;
  readonly cancelReason?: CancelReason;
  /** When the reservation ends, in milliseconds since the epoch. */
  readonly expiresAtMs?: number;
  /** getOrder: the order's user and lines. */
  readonly seenUser?: number;
  readonly seenLines?: readonly Line[];
  /** adjustStock, countStock: the stock behind it, or what its refusal names. */
  readonly stocks?: readonly SeenStock[];
  /** getStock: what can be bought. */
  readonly count?: number;
  /** The answer was marked as a replay. */
  readonly replayed?: boolean;
  /** There was no answer, and the request was sent on a connection that had been open before. */
  readonly onOpenConnection?: boolean;
}

/** A line without enough stock. */
export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: number;
}

/** A sku as the answer to a change of stock shows it: the fields that the answer has. */
export interface SeenStock {
  readonly sku: number;
  readonly total?: number;
  readonly reserved?: number;
  readonly totalBefore?: number;
  readonly changedSince?: number;
  /** In milliseconds since the epoch. */
  readonly countedAtMs?: number;
}

/** How a call is sent. */
export interface CallSettings {
  readonly transport: Transport;
  /** The index of the service's process. */
  readonly service: number;
  /** The deadline that the service is given. */
  readonly deadlineMs: number;
  /** The caller disconnects after this time. */
  readonly abandonMs?: number;
}

export interface Call extends Request, CallSettings, Answer {
  readonly lane: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Whether it changes stock by hand. */
export function isStockChange({ operation }: Pick<Request, 'operation'>): boolean {
  return operation === 'adjustStock' || operation === 'countStock';
}

export function isWrite({ operation }: Request): boolean {
  return operation !== 'getOrder' && operation !== 'getStock';
}

/** A ledger audit of one node. */
export interface Sample extends AuditResult {
  readonly node: 'primary' | 'replica';
  /** For how long the first of the reservations that have ended has not been released. */
  readonly overdueMs: number;
  /** That of the WAL which the server writes. A promotion begins a higher one. `null` for a replica. */
  readonly timeline: number | null;
  readonly atMs: number;
}

/** Something that the run did to the service or around it. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

/**
 * A time in which certainly no commit could be confirmed, by the synchronous replica or the primary itself.
 */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A time in which one client sent far more than it has a right to. */
export interface Flood {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A request of `/livez` on the probe port. */
export interface Probe {
  readonly atMs: number;
  readonly tookMs: number;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
}

/** For how long, of a time, the service or its callers waited for a core. */
export interface CoreWait {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly waitMs: number;
}

/** A graceful stop of the service. */
export interface Stop {
  /**
   * Calls that started before this, on an open connection, had reached the service when it got the signal.
   */
  readonly writtenByMs: number;
  /** The signal was sent. */
  readonly atMs: number;
}

/** Where the readers of the feed were when they ended. */
export interface FeedEnd {
  /** The position of the last event that each of them should have. */
  readonly head: number;
  readonly copy: StockCopy;
}

export class History {
  readonly calls: Call[] = [];
  readonly samples: Sample[] = [];
  readonly events: Event[] = [];
  readonly outages: Outage[] = [];
  readonly stops: Stop[] = [];
  readonly floods: Flood[] = [];
  readonly probes: Probe[] = [];
  readonly coreWaits: CoreWait[] = [];
  readonly pages: SeenPage[] = [];
  readonly resumes: Resume[] = [];
  readonly holds: Hold[] = [];
  /** Batches of events that the run itself has removed. */
  readonly removed: FinalBatch[] = [];
  feedEnd: FeedEnd = { head: 0, copy: new Map() };
  readonly #startMs = performance.now();
  /** The epoch time of its start. */
  readonly startedAtMs = Date.now();

  /** Milliseconds since the run began. */
  now(): number {
    return performance.now() - this.#startMs;
  }

  /** Records an event, and returns its time. */
  note(text: string): number {
    const atMs = this.now();
    this.events.push({ atMs, text });
    return atMs;
  }

  /** What the checker reads. */
  get recorded() {
    const { calls, samples, outages, stops, floods, probes, coreWaits, startedAtMs } = this;
    const { pages, resumes, holds, removed, feedEnd } = this;
    const feed = { pages, resumes, holds, removed, ...feedEnd };
    return { calls, samples, outages, stops, floods, probes, coreWaits, feed, startedAtMs };
  }

  /** Writes it as JSON lines, compressed. */
  async write(path: string): Promise<void> {
    const entries = [
      ...this.calls.map((call) => ({ at: call.startMs, entry: { type: 'call', ...call } })),
      ...this.samples.map((sample) => ({ at: sample.atMs, entry: { type: 'sample', ...sample } })),
      ...this.probes.map((probe) => ({ at: probe.atMs, entry: { type: 'probe', ...probe } })),
      ...this.coreWaits.map((wait) => ({ at: wait.fromMs, entry: { type: 'core wait', ...wait } })),
      ...this.pages.map((page) => ({ at: page.atMs, entry: { type: 'page', ...page, events: shown(page) } })),
      ...this.resumes.map((resume) => ({ at: resume.atMs, entry: { type: 'resume', ...resume } })),
      ...this.events.map((event) => ({ at: event.atMs, entry: { type: 'event', ...event } })),
    ].sort((a, b) => a.at - b.at);
    const text = entries.map(({ entry }) => `${JSON.stringify(entry, rounded)}\n`).join('');
    await writeFile(path, await promisify(gzip)(text));
  }
}

/**
 * Each event as a text. What it carries besides is in the database, which the checker has compared with it.
 */
function shown({ events }: SeenPage): string[] {
  return events.map(({ position, id, type }) => `${position} ${id} ${type}`);
}

/** Times to a thousandth of a millisecond. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1_000) / 1_000 : value;
}
