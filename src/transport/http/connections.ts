/** The limits of REST connections: against clients that are slow, silent, verbose or many. */
import type { Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';

export const connectionLimits = {
  /** The most connections at a time; further ones are closed at once. */
  connectionsMax: 4_096,
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
  /** The time without progress of a request or its reply; longer than it takes to make any reply. */
  stuckMs: 30_000,
  /** A connection older than this closes with its next reply, so that clients spread over new instances. */
  ageMs: 60 * 60_000,
};

export type ConnectionLimits = typeof connectionLimits;

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
    // Checked here: the reply of Node.js has no body.
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
