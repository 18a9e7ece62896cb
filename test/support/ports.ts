/** Free ports of this machine, for servers of a test or a run. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the range of the local ports of outgoing connections. A port of that range could be taken while its
 * server restarts, even by the connection that tries to reach it.
 */
const FIRST = 20_000;
const COUNT = 10_000;

/**
 * Finds loopback ports that are free. All are held until the last one is found, so that they differ.
 *
 * @throws when there are not enough.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let attempts = 0; held.size < count; attempts++) {
      if (attempts === COUNT) throw new Error(`no ${count} free ports from ${FIRST} to ${FIRST + COUNT}`);
      const port = FIRST + Math.floor(Math.random() * COUNT);
      const server = await listen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Undefined when the port is taken. */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
