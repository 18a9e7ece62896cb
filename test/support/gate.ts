/** A port in front of a server that holds connections back until it is opened. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Gate {
  readonly port: number;
  /** How many connections wait in front of it. */
  readonly waiting: number;
  close(): void;
  /** Lets those that wait and all later ones through. */
  open(): void;
  end(): void;
}

/** Opens a gate in front of a port of this machine; connections pass until it is closed. */
export async function openGate(targetPort: number): Promise<Gate> {
  let isOpen = true;
  let waiting: Socket[] = [];
  const sockets = new Set<Socket>();
  const pass = (socket: Socket) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const each of [socket, target]) {
      sockets.add(each);
      each.on('error', () => {});
    }
    socket.on('close', () => target.destroy());
    target.on('close', () => socket.destroy());
    socket.pipe(target).pipe(socket);
  };
  const server = createServer((socket) => {
    if (isOpen) pass(socket);
    else waiting.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    get waiting() {
      return waiting.length;
    },
    close() {
      isOpen = false;
    },
    open() {
      isOpen = true;
      for (const socket of waiting) pass(socket);
      waiting = [];
    },
    end() {
      server.close();
      for (const socket of [...sockets, ...waiting]) socket.destroy();
    },
  };
}
