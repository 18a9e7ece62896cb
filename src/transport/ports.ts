/** Ports to listen on. */
import { createServer, type Server } from 'node:net';

/**
 * Checks early that a port can be listened on: to set up a database first and fail then would help nobody.
 *
 * @param variable that sets the port, for the message. Port 0 is always free.
 * @throws code EADDRINUSE when another process listens on it. Other errors are left to the server itself.
 */
export async function assertFree(variable: string, at: { host: string; port: number }): Promise<void> {
  const { host, port } = at;
  const probe = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
  if (code !== 'EADDRINUSE') return;
  throw Object.assign(new Error(`port ${port} on ${host} is in use: set ${variable} to another port`), {
    code,
  });
}

/** Connections that the system holds until they are accepted: thousands may come at one moment. */
const BACKLOG_MAX = 4_096;

/**
 * Listens on an address.
 *
 * @param name of the interface, for the message.
 * @param onError called with what fails later, such as a connection that cannot be accepted.
 * @throws when the address cannot be listened on.
 */
export async function listenOn(
  server: Server,
  name: string,
  { host, port }: { readonly host: string; readonly port: number },
  onError: (error: Error) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message;
      reject(new Error(`${name} cannot listen on ${host}:${port}: ${why}`, { cause }));
    };
    server.once('error', fail).listen({ host, port, backlog: BACKLOG_MAX }, () => {
      server.off('error', fail).on('error', onError);
      resolve();
    });
  });
}
