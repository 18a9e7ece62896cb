/**
 * The history of a run: every call with its answer, every fault and every look at the books, in milliseconds
 * since the run began. One process keeps it, so its times say truly what was before what.
 */
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Line, OrderStatus } from '../../src/domain/orders/order.ts';
import type { Operation, Transport } from '../../test/support/client.ts';
import type { AuditResult } from '../lib/ledger-audit.ts';

/** What a call asks for. */
export interface Request {
  readonly operation: Operation;
  /** create: who orders. Every order that is meant has a user of its own, by which it is found in the database. */
  readonly user?: number;
  readonly lines?: readonly Line[];
  /** create: the idempotency key. Repeats of one order have the same. */
  readonly key?: string;
  /** get, pay, cancel */
  readonly orderId?: number;
  /** stock */
  readonly sku?: number;
}

/** What a caller knows of a call's outcome. */
export interface Answer {
  /**
   * `ok` and `refused` are the service's own words, or, for `refused`, a connection that never came about.
   * `unknown` is all else: no answer, or one that says so.
   */
  readonly outcome: 'ok' | 'refused' | 'unknown';
  /** Why it was refused or is unknown. */
  readonly reason?: string;
  /** The id that a create answered with, also that of an order kept as failed. */
  readonly answeredId?: number;
  /** create: the lines that were short, as told by its refusal. */
  readonly shortages?: readonly Shortage[];
  /** The order's status, as read or as named by a refusal. */
  readonly status?: OrderStatus;
  /** get: whose order it is, and its lines. */
  readonly seenUser?: number;
  readonly seenLines?: readonly Line[];
  /** stock: what can be bought. */
  readonly count?: number;
  /** The service marked the answer as one that it had given before. */
  readonly replayed?: boolean;
  /** No answer came, and the request had gone out on a connection that was there already. */
  readonly onExisting?: boolean;
}

/** A line of which there was not enough. */
export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: number;
}

/** How a call is made. */
export interface Manner {
  readonly transport: Transport;
  /** Which of the service's processes is asked. */
  readonly service: number;
  /** How long the caller is willing to wait, as the service is told. */
  readonly deadlineMs: number;
  /** The caller goes away after so long. */
  readonly abandonMs?: number;
}

export interface Call extends Request, Manner, Answer {
  readonly lane: number;
  readonly startMs: number;
  readonly endMs: number;
}

export function isWrite({ operation }: Request): boolean {
  return operation !== 'getOrder' && operation !== 'getStock';
}

/** A look at the books of one node. */
export interface Sample extends AuditResult {
  readonly node: 'primary' | 'replica';
  readonly atMs: number;
}

/** Something that was done to the service or around it. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

/** A time in which the synchronous replica, or the primary itself, could surely confirm no commit. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A stop of the service in order. */
export interface Stop {
  /** What began before this and had a connection was with the service when it was told to stop. */
  readonly writtenByMs: number;
  /** It was told to stop. */
  readonly atMs: number;
}

export class History {
  readonly calls: Call[] = [];
  readonly samples: Sample[] = [];
  readonly events: Event[] = [];
  readonly outages: Outage[] = [];
  readonly stops: Stop[] = [];
  readonly #beganMs = performance.now();
  /** The epoch time of its zero. */
  readonly beganAtMs = Date.now();

  /** Milliseconds since the run began. */
  now(): number {
    return performance.now() - this.#beganMs;
  }

  /** Notes that something was done now, and gives the time. */
  note(text: string): number {
    const atMs = this.now();
    this.events.push({ atMs, text });
    return atMs;
  }

  /** What the checker judges of it. */
  get told() {
    const { calls, samples, outages, stops, beganAtMs } = this;
    return { calls, samples, outages, stops, beganAtMs };
  }

  /** Writes all of it as JSON lines, compressed. */
  async write(path: string): Promise<void> {
    const entries = [
      ...this.calls.map((call) => ({ at: call.startMs, entry: { type: 'call', ...call } })),
      ...this.samples.map((sample) => ({ at: sample.atMs, entry: { type: 'sample', ...sample } })),
      ...this.events.map((event) => ({ at: event.atMs, entry: { type: 'event', ...event } })),
    ].sort((a, b) => a.at - b.at);
    const text = entries.map(({ entry }) => `${JSON.stringify(entry, rounded)}\n`).join('');
    await writeFile(path, await promisify(gzip)(text));
  }
}

/** Times to a thousandth of a millisecond. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1_000) / 1_000 : value;
}
