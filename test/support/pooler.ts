/** A pooler as far as startup goes: it passes connections on, without the parameter `options`. */
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

export class Pooler {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts one in front of the server of a URL. */
  static async start(url: string): Promise<Pooler> {
    const { hostname, port } = new URL(url);
    const server = createServer((client) => {
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
