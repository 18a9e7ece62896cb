/** How gRPC connections are secured: not at all, or by the certificate that the service shows. */
import type { SecureServerOptions } from 'node:http2';
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import type { Certificates } from '../tls.ts';

interface NodeOptions {
  _getConstructorOptions(): SecureServerOptions;
}

/**
 * Makes the server's credentials. With certificates they follow every renewal; where an authority for clients is
 * configured, a client without its certificate gets nowhere.
 *
 * grpc-js takes renewed certificates from a provider, which it asks to be told first after it was registered.
 */
export function serverCredentials(certificates: Certificates | undefined): ServerCredentials {
  if (certificates === undefined) return ServerCredentials.createInsecure();
  const provider: experimental.CertificateProvider = {
    addIdentityCertificateListener(listener) {
      const tell = ({ cert, key } = certificates.current) => listener({ certificate: cert, privateKey: key });
      queueMicrotask(tell);
      certificates.onRenewal(tell);
    },
    addCaCertificateListener(listener) {
      const tell = ({ ca } = certificates.current) => listener(ca ? { caCertificate: ca } : null);
      queueMicrotask(tell);
      certificates.onRenewal(tell);
    },
    // The listeners live as long as the server, and the server as long as the process.
    removeIdentityCertificateListener() {},
    removeCaCertificateListener() {},
  };
  const mutual = certificates.current.ca !== undefined;
  // The own certificate's provider comes first and that of the authority second, whatever the declaration calls them.
  const made = experimental.createCertificateProviderServerCredentials(
    provider,
    mutual ? provider : null,
    mutual,
  );
  // grpc-js has no option for it, but hands these to Node.js as they are.
  Object.assign((made as unknown as NodeOptions)._getConstructorOptions(), {
    handshakeTimeout: certificates.handshakeMs,
  });
  return made;
}
