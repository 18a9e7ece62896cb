/**
 * A TCP relay between the replica's WAL receiver and the primary, which holds back what the primary sends.
 * It stands for a network or a replica that is slower: every commit waits that much longer.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** By how many milliseconds what the primary sends is held back from now on. */
  delayMs: number;
  close(): void;
}

/** So much is held back at most; then the primary has to wait. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;

/** Starts a relay on any free port. */
export async function startRelay(primaryPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (replica) => {
    const primary = connect({ port: primaryPort, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [replica, primary],
      [primary, replica],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    replica.pipe(primary);
    holdBack(primary, replica, () => relay.delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return relay;
}

/** Passes on what comes, in its order, each chunk after its delay. */
function holdBack(from: Socket, to: Socket, delayMs: () => number): void {
  let held = 0;
  let lastDueMs = 0;
  from.on('data', (chunk) => {
    const nowMs = performance.now();
    // A delay that has just become shorter must not let later chunks overtake earlier ones.
    lastDueMs = Math.max(nowMs + delayMs(), lastDueMs);
    const passOn = () => {
      held -= chunk.length;
      if (!to.destroyed) to.write(chunk);
      if (held < HELD_MAX_BYTES) from.resume();
    };
    held += chunk.length;
    if (held >= HELD_MAX_BYTES) from.pause();
    if (lastDueMs <= nowMs) passOn();
    else setTimeout(passOn, lastDueMs - nowMs);
  });
}
