/** The gRPC port and its TLS. The listener is ours, because grpc-js does not limit connections. */
import { type AddressInfo, createServer } from 'node:net';
import { experimental, type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Connections } from '../connection-admission.ts';
import { listenOn } from '../ports.ts';
import type { Certificates } from '../tls.ts';
import { setTlsOptions } from './internals.ts';

export interface Listener {
  readonly port: number;
  /** Accepts no more connections; the open ones stay. */
  close(): void;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  /** Admits new connections, and closes others for them. */
  readonly connections: Connections;
  /** Called when a connection cannot be accepted. */
  readonly onError: (error: Error) => void;
}

/**
 * Listens for a server.
 *
 * @throws when the address cannot be bound.
 */
export async function listen(server: Server, options: ListenerOptions): Promise<Listener> {
  const { host, port, credentials, connections, onError } = options;
  const injector = server.createConnectionInjector(credentials);
  const tcp = createServer({ noDelay: true }, (socket) => {
    // grpc-js handles errors of a session; before one exists, a socket error would go unhandled.
    socket.on('error', () => socket.destroy());
    if (connections.admit(socket) !== undefined) injector.injectConnection(socket);
  });
  await listenOn(tcp, 'gRPC', { host, port }, onError);
  return { port: (tcp.address() as AddressInfo).port, close: () => void tcp.close() };
}

/**
 * Makes the server's credentials. With certificates they follow every renewal; with a client authority, a
 * client without its certificate is rejected.
 *
 * grpc-js takes renewed certificates from a provider, whose listeners it expects to be called after
 * registration.
 */
export function serverCredentials(certificates: Certificates | undefined): ServerCredentials {
  if (certificates === undefined) return ServerCredentials.createInsecure();
  const provider: experimental.CertificateProvider = {
    addIdentityCertificateListener(listener) {
      const update = ({ cert, key } = certificates.current) =>
        listener({ certificate: cert, privateKey: key });
      queueMicrotask(update);
      certificates.onRenewal(update);
    },
    addCaCertificateListener(listener) {
      const update = ({ ca } = certificates.current) => listener(ca ? { caCertificate: ca } : null);
      queueMicrotask(update);
      certificates.onRenewal(update);
    },
    // The listeners live as long as the server, and the server as long as the process.
    removeIdentityCertificateListener() {},
    removeCaCertificateListener() {},
  };
  const mutual = certificates.current.ca !== undefined;
  // The provider of the identity comes first and that of the authority second, whatever the declaration calls
  // them.
  const credentials = experimental.createCertificateProviderServerCredentials(
    provider,
    mutual ? provider : null,
    mutual,
  );
  setTlsOptions(credentials, { handshakeTimeout: certificates.handshakeMs });
  return credentials;
}
