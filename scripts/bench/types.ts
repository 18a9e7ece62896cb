/** The types that the parts of the bench share: loads and their results. */
import type { Latency } from '../lib/statistics.ts';

/** The requests of a load. `life` is create, pay, info, one after the other, and counts as one. */
export type Scenario = 'spread' | 'hot' | 'infeasible' | 'soldOut' | 'life' | 'stock';

export type Transport = 'REST' | 'gRPC';

/** A load, for a load generator. */
export interface Load {
  readonly transport: Transport;
  readonly scenario: Scenario;
  readonly port: number;
  /** Requests in flight: always in a closed loop, at most in an open loop. */
  readonly concurrency: number;
  readonly seconds: number;
  /** gRPC: the number of connections; if not set, as few as make sense. */
  readonly connections?: number;
  /** Requests a second in an open loop. If not set, the loop is closed. */
  readonly rate?: number;
}

export interface LoadResult {
  /** The program that made the load. */
  readonly generator: string;
  readonly seconds: number;
  /** Successful answers. */
  readonly ok: number;
  /** Refusals: answers with a status other than 200 or OK. */
  readonly refused: number;
  /** Requests without an answer: connections lost, streams reset. */
  readonly failed: number;
  /** Open loop: requests that were due while all connections were busy, and were never sent. */
  readonly heldBack: number;
  readonly latency: Latency;
  /** Of refusals only, where the generator distinguishes them. */
  readonly refusalLatency?: Latency;
  /** Refusals by status, where the generator distinguishes them. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** The CPU time of the generator, in seconds. */
  readonly cpuSeconds?: number;
}

/**
 * What is measured: the service, the service with a queue that is always full, its transports without a
 * database, or a design without a service.
 */
export type Subject = 'loms' | 'fullQueue' | 'transportOnly' | 'seedDesign' | 'singleStatement' | 'sqlAlone';

/** How the event feed is read: over a stream of REST or gRPC, or page by page over REST. */
export type Reading = 'SSE' | 'gRPC' | 'list';

/** Readers of the event feed, for the program of readers. */
export interface ReadersLoad {
  readonly ports: Readonly<Record<Transport, number>>;
  readonly readers: Readonly<Partial<Record<Reading, number>>>;
  /** How long they read. */
  readonly seconds: number;
  /** The events that they read from the beginning, if there is time; if not set, they read from now on. */
  readonly eventsMax?: number;
  /** Orders that are created meanwhile, whose arrival is timed. */
  readonly probes?: { readonly perSecond: number; readonly seconds: number };
}

/** What the readers of a kind have read. */
export interface ReadingResult {
  readonly reading: Reading;
  readonly readers: number;
  /** What the first of them has read, without a gap. */
  readonly events: number;
  readonly seconds: number;
  readonly bytes: number;
  /** When the last event arrived, in milliseconds since the epoch. */
  readonly lastMs: number;
  /** When the events of timed orders arrived, by order. */
  readonly arrivals?: Readonly<Record<string, number>>;
}

/** What they have read, with what it was compared with. */
export interface MeasuredReading extends Omit<ReadingResult, 'arrivals'> {
  /** From the commit of an order until its event is there. */
  readonly latency?: Latency;
  /** How long after the load the last event arrived. */
  readonly behindSeconds?: number;
}

/** Readers that stop, for their program. */
export interface StopLoad {
  readonly ports: Readonly<Record<Transport, number>>;
  /** How long they stop: each time one reader of each transport. */
  readonly stopSeconds: readonly number[];
  /** The time of the program. */
  readonly seconds: number;
}

/** What became of a reader that stopped. */
export interface StopResult {
  readonly transport: Transport;
  readonly stopSeconds: number;
  /** Whether the service had ended its stream; otherwise it went on. */
  readonly isEnded: boolean;
  /** What it read without a gap: before and behind the place where it stopped. */
  readonly events: number;
}

/** One measured step. */
export interface Measured extends LoadResult {
  /** The part of the bench that it belongs to. */
  readonly part: string;
  readonly round: number;
  readonly subject: Subject;
  readonly transport: Transport | 'SQL';
  readonly scenario: Scenario;
  readonly concurrency: number;
  readonly rate?: number;
  /** The delay of the replica; undefined where it is connected to the primary directly. */
  readonly delayMs?: number;
  /** What readers of the feed have read meanwhile. */
  readonly readings?: readonly MeasuredReading[];
  /** Successes a second; in scenarios with refusals, those too. */
  readonly perSecond: number;
  /** Orders written, refused ones included. */
  readonly orders: number;
  readonly commits: number;
  readonly walBytes: number;
  /** The largest resident memory of the service during the step. */
  readonly rssBytes?: number;
  /** Share of one core that the service used. */
  readonly serviceCpu?: number;
  /** Share of all cores that was idle. */
  readonly idle?: number;
}
