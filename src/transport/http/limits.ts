/** The limits of REST connections: against clients that are slow, silent, verbose or many. */
import type { ServerOptions } from 'node:http';

export const connectionLimits = {
  /** The most connections at a time. */
  connectionsMax: 4_096,
  /** The most requests of one connection that run at a time; those behind them wait, and are not read. */
  runningMax: 8,
  /** The most requests of all connections that wait in this way; a connection that sends more is closed. */
  waitingMax: 10_000,
  /** The time until the first byte of the first request. */
  firstRequestMs: 5_000,
  /** The time for the head of a request, and for the request as a whole. */
  headMs: 10_000,
  requestMs: 30_000,
  /** How often these two are checked. */
  checkIntervalMs: 2_000,
  /**
   * The time that a connection may be idle. Load balancers usually close after 60 seconds, so this is longer:
   * they never send a request on a connection that closes at this moment.
   */
  idleMs: 65_000,
  /**
   * The time without progress of a request; longer than it takes to make any reply. A reply that nobody reads
   * gets twice as much: Node.js takes the first part of it, which fills the buffers, for progress.
   */
  stuckMs: 10_000,
  /** A connection older than this closes with its next reply, so that clients spread over new instances. */
  ageMs: 60 * 60_000,
};

export type ConnectionLimits = typeof connectionLimits;

/** The most bytes of a request's line and headers. */
export const HEAD_MAX_BYTES = 16 * 1024;

/** The most header lines of a request. */
export const HEADERS_MAX = 1_000;

/** What Node.js must know of the limits when it makes a server. */
export function serverOptions(limits: ConnectionLimits): ServerOptions {
  return {
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: HEAD_MAX_BYTES,
    // Checked in `head.ts`: the reply of Node.js has no body.
    requireHostHeader: false,
  };
}
