/** Ports to listen on. */
import { createServer } from 'node:net';

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
