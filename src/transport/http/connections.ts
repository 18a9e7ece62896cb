/**
 * The limits of the connections that REST comes over: against callers who are slow, silent, verbose or many.
 */
import type { Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** The most connections at a time; further ones are closed at once. */
  readonly connectionsMax: number;
  /** How long the head of a request may take, and the request as a whole. */
  readonly headMs: number;
  readonly requestMs: number;
  /** How often these two are looked at. */
  readonly checkIntervalMs: number;
  /** How long a connection may be open on which nothing is asked. */
  readonly idleMs: number;
  /** How long a request or its answer may make no step; longer than any answer takes to be made. */
  readonly stuckMs: number;
  /**
   * A connection older than this is closed with its next answer, so that clients spread over new instances.
   */
  readonly ageMs: number;
}

export const connectionLimits: ConnectionLimits = {
  connectionsMax: 4_096,
  headMs: 10_000,
  requestMs: 30_000,
  checkIntervalMs: 2_000,
  // Longer than the 60 seconds after which load balancers usually close, so that they never send a request
  // on a connection that is closed at this moment.
  idleMs: 65_000,
  stuckMs: 30_000,
  ageMs: 60 * 60_000,
};

/** The most bytes of a request's line and headers. */
export const HEAD_MAX_BYTES = 16 * 1024;

/** What Node.js must know of the limits when it makes a server. */
export function serverOptions(limits: ConnectionLimits): ServerOptions {
  return {
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: HEAD_MAX_BYTES,
    // We look ourselves: the answer of Node.js has no body.
    requireHostHeader: false,
  };
}

/**
 * Sets the other limits on a server.
 *
 * @returns whether a connection has become too old, to be asked with every request.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): (socket: Socket) => boolean {
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.stuckMs;
  // No limit on the requests of one connection: what a connection can cost is bounded without it.
  server.maxRequestsPerSocket = 0;

  const old = new WeakSet<Socket>();
  const watchAge = (socket: Socket) => {
    // Not all at one moment: connections are often made at one moment.
    const ageMs = limits.ageMs * (0.9 + 0.2 * Math.random());
    const timer = setTimeout(() => old.add(socket), ageMs).unref();
    socket.once('close', () => clearTimeout(timer));
  };
  // Over TLS requests come by another socket than the one of the connection.
  server.on('connection', watchAge).on('secureConnection', watchAge);
  return (socket) => old.has(socket);
}
