/**
 * The port of the gRPC server. grpc-js has no limit on the number of connections, so the port is ours: it hands
 * the connections that it takes to grpc-js.
 */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';

export interface Port {
  /** Its number. */
  readonly number: number;
  /** Takes no more connections; those that it took stay. */
  close(): void;
}

export interface PortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  /** The most connections at a time; further ones are closed at once. */
  readonly connectionsMax: number;
  /** Told when a connection cannot be taken. */
  readonly onError: (error: Error) => void;
}

/** Connections that the system holds for us until we take them: a thousand clients may come at one moment. */
const BACKLOG_MAX = 4_096;

/**
 * Listens for a server.
 *
 * @throws when the address cannot be bound.
 */
export async function listen(server: Server, options: PortOptions): Promise<Port> {
  const { host, port, credentials, connectionsMax, onError } = options;
  const connections = server.createConnectionInjector(credentials);
  const tcp = createServer({ noDelay: true }, (socket) => {
    // grpc-js hears of what breaks by its session; a connection that breaks before it has one tells nobody.
    socket.on('error', () => socket.destroy());
    connections.injectConnection(socket);
  });
  tcp.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) => reject(new Error(`gRPC cannot listen on ${host}:${port}`, { cause }));
    tcp.once('error', fail).listen({ host, port, backlog: BACKLOG_MAX }, () => {
      tcp.off('error', fail).on('error', onError);
      resolve();
    });
  });
  return { number: (tcp.address() as AddressInfo).port, close: () => void tcp.close() };
}
