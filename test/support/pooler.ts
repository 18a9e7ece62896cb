/** Poolers between the service and PostgreSQL, as far as the checks of a new connection see them. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type pg from 'pg';

/** AuthenticationOk, BackendKeyData with a process id of the pooler's own, ReadyForQuery. */
const WELCOME = Buffer.from('R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x01Z\0\0\0\x05I');
const TERMINATE = 'X'.charCodeAt(0);

export class Pooler {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts one in front of the server of a URL, which drops the startup parameter `options`. */
  static dropping(url: string): Promise<Pooler> {
    const { hostname, port } = new URL(url);
    return Pooler.#start((client) => {
      const upstream = connect(Number(port), hostname);
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
      client.once('data', (startup) => {
        upstream.write(withoutOptions(startup as Buffer));
        client.pipe(upstream).pipe(client);
      });
    });
  }

  /** Starts one that gives the session of a connection to whichever client has work (transaction mode). */
  static sharing(session: pg.Client): Promise<Pooler> {
    const { stream } = (session as unknown as { connection: { stream: Socket } }).connection;
    let working: Socket | undefined;
    stream.removeAllListeners('data').on('data', (replies) => working?.write(replies));
    return Pooler.#start((client) => {
      client.on('error', () => {});
      client.once('data', () => {
        client.write(WELCOME);
        client.on('data', (messages) => {
          if (messages[0] === TERMINATE) return;
          working = client;
          stream.write(messages);
        });
      });
    });
  }

  static async #start(serve: (client: Socket) => void): Promise<Pooler> {
    const server = createServer(serve);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Pooler(server);
  }

  /** A URL by which a client connects through it. */
  through(url: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port }).href;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A startup message: its length, the version of the protocol, and names and values that end with a zero. */
function withoutOptions(startup: Buffer): Buffer {
  const words = startup.subarray(8).toString().split('\0');
  const kept: string[] = [];
  for (let index = 0; index + 1 < words.length && words[index] !== ''; index += 2) {
    if (words[index] !== 'options') kept.push(`${words[index]}\0${words[index + 1]}\0`);
  }
  const body = Buffer.from(`${kept.join('')}\0`);
  const head = Buffer.from(startup.subarray(0, 8));
  head.writeInt32BE(8 + body.length);
  return Buffer.concat([head, body]);
}
