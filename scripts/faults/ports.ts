/** Ports for servers that are down now and then. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take the near end of outgoing connections. A port of that range could be
 * taken while its server is down, even by the very connection that tries to reach it.
 */
const FIRST = 20_000;
const COUNT = 10_000;

/** Finds so many different loopback ports that nobody listens on. */
export async function fixedPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tried = 0; ports.size < count && tried < COUNT; tried++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
