/** The HTTPS server: the same as the HTTP server, under TLS. */
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Certificates } from '../tls.ts';

/** Makes the server. With an authority for clients, one without its certificate fails the handshake. */
export function createSecureServer(
  certificates: Certificates,
  limits: ServerOptions,
  answer: RequestListener,
): Server {
  const { current } = certificates;
  const mutual = current.ca !== undefined;
  const server = createServer(
    {
      ...limits,
      ...current,
      requestCert: mutual,
      rejectUnauthorized: mutual,
      handshakeTimeout: certificates.handshakeMs,
    },
    (incoming, outgoing) => {
      // A browser that came by TLS once uses nothing else for a year.
      outgoing.setHeader('strict-transport-security', 'max-age=31536000');
      answer(incoming, outgoing);
    },
  );
  certificates.onRenewal((renewed) => server.setSecureContext(renewed));
  // No reply is possible: it was not TLS, or the handshake failed.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return closingHandshakes(server);
}

/** Closing all connections must include those in their handshake, which Node.js does not track. */
function closingHandshakes(server: Server): Server {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeAll = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeAll();
    for (const socket of sockets) socket.destroy();
  };
  return server;
}
