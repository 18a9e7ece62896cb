/** The words that the parts of the bench share: what is loaded, how, and what came of it. */
import type { Latency } from '../lib/statistics.ts';

/** What the load asks for. `life` is create, pay, info, one after the other, and counts as one. */
export type Scenario = 'spread' | 'hot' | 'infeasible' | 'soldOut' | 'life' | 'stock';

export type Transport = 'REST' | 'gRPC';

/** One load, as a load client is told. */
export interface Load {
  readonly transport: Transport;
  readonly scenario: Scenario;
  readonly port: number;
  /** Requests in flight: in a closed loop always so many, in an open loop at most. */
  readonly concurrency: number;
  readonly seconds: number;
  /** gRPC: connections that the requests share; without it, as few as make sense. */
  readonly connections?: number;
  /** Sends so many a second, whatever comes back (open loop). Without it the loop is closed. */
  readonly rate?: number;
}

export interface LoadResult {
  /** The program that made the load. */
  readonly generator: string;
  readonly seconds: number;
  /** Answers of success. */
  readonly ok: number;
  /** Answers of refusal: a status other than 200 or OK. */
  readonly refused: number;
  /** No answer: connections lost, streams reset. */
  readonly failed: number;
  /** Open loop: what was due while all connections were taken, and so never sent. */
  readonly heldBack: number;
  readonly latency: Latency;
  /** Of refusals alone, where the generator tells them apart. */
  readonly refusalLatency?: Latency;
  /** Refusals by status, where the generator tells them apart. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** CPU time that the generator took, in seconds. */
  readonly cpuSeconds?: number;
}

/**
 * Who is measured: the service, the same with a queue that is full all the time, the service's border with no
 * database behind, or a design without a service.
 */
export type Subject = 'loms' | 'fullQueue' | 'border' | 'seedDesign' | 'singleStatement' | 'sqlAlone';

/** One measured step. */
export interface Measured extends LoadResult {
  /** The part of the program that it belongs to. */
  readonly part: string;
  readonly round: number;
  readonly subject: Subject;
  readonly transport: Transport | 'SQL';
  readonly scenario: Scenario;
  readonly concurrency: number;
  readonly rate?: number;
  /** By how much the replica was slowed; undefined where the primary speaks to it directly. */
  readonly delayMs?: number;
  /** Successes a second; where some orders are to be refused, those too. */
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
