/** A TCP connection that sends exactly the bytes a test chooses, and keeps what it receives. */
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Resolves as soon as what was received matches; rejects when the connection closes before. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves with everything received when the connection is closed. */
  readonly closed: Promise<string>;
}

/** Connects to a port of this machine. */
export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  // A reset closes the connection as well; tests look at what was received before.
  socket.on('error', () => socket.destroy());
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    socket,
    received: () => text,
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(text) && resolve(text);
        socket.on('data', look).once('close', () => reject(new Error(`closed after: ${text}`)));
        look();
      }),
  };
}
