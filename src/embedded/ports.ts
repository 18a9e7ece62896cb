/**
 * Makes sure that a port is free before a server is started on it.
 */
import { connect, createServer } from 'node:net';
import type { Logger } from 'pino';

const HOST = '127.0.0.1';
const RETRY_INTERVAL_MS = 250;
/** The system keeps the port of a connection that has ended for a minute. */
const ENDED_CONNECTION_LIMIT_MS = 65_000;

/**
 * Waits until a port is free.
 *
 * The ports lie in the range from which the system takes the near end of outgoing connections, so one may
 * be taken for a moment with no server behind it. That is waited for; a server on the port is not.
 *
 * @throws an error that names the port and the variable that sets it.
 */
export async function requireFreePort(port: number, variable: string, logger: Logger): Promise<void> {
  const deadlineMs = Date.now() + ENDED_CONNECTION_LIMIT_MS;
  for (let attempt = 1; ; attempt++) {
    const problem = await tryListen(port);
    if (problem === undefined) return;
    if (problem.code !== 'EADDRINUSE' || Date.now() > deadlineMs || (await isServed(port))) {
      const reason = problem.code === 'EADDRINUSE' ? 'is in use' : 'cannot be used';
      throw new Error(`port ${port} on ${HOST} ${reason}: set ${variable} to another port`, {
        cause: problem,
      });
    }
    if (attempt === 1) {
      logger.warn(
        { port, limitMs: ENDED_CONNECTION_LIMIT_MS },
        'an outgoing connection holds the port, waiting',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
  }
}

/** Listens for a moment, and returns what stood in the way. */
function tryListen(port: number): Promise<NodeJS.ErrnoException | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', resolve);
    probe.listen(port, HOST, () => probe.close(() => resolve(undefined)));
  });
}

/** Says whether a server accepts connections on a port. */
function isServed(port: number): Promise<boolean> {
  const socket = connect(port, HOST);
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
