/** One process of the service, which may be killed and started again on the same ports. */
import { type Server, startServer } from '../support/server.ts';
import type { Client } from './client/client.ts';
import { openGrpc } from './client/grpc.ts';
import { openRest } from './client/rest.ts';
import type { Transport } from './history.ts';

export interface ServicePorts {
  readonly REST: number;
  readonly gRPC: number;
}

/** The last lines of its log that are kept. */
const LOG_LINES_MAX = 5_000;

export class Service {
  readonly clients: Readonly<Record<Transport, Client>>;
  /** What it has logged, over all its starts. */
  readonly log: string[] = [];
  readonly #args: readonly string[];
  readonly #ports: ServicePorts;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Server | undefined;

  /**
   * @param args of node, to run the service.
   * @param settings its environment besides ports.
   */
  constructor(args: readonly string[], ports: ServicePorts, settings: Readonly<Record<string, string>>) {
    this.#args = args;
    this.#ports = ports;
    this.#settings = settings;
    this.clients = { REST: openRest(ports.REST), gRPC: openGrpc(ports.gRPC) };
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const ports = { HTTP_PORT: String(this.#ports.REST), GRPC_PORT: String(this.#ports.gRPC) };
    const env = { PATH: process.env.PATH, ...this.#settings, ...ports };
    this.#server = await startServer(this.#args, env, (line) => {
      if (this.log.push(line) > LOG_LINES_MAX) this.log.shift();
    });
  }

  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  /** Stops it in order, by SIGTERM. */
  async end(): Promise<void> {
    await this.#server?.end();
  }

  /** Ends it for good, with its clients. */
  async close(): Promise<void> {
    for (const client of Object.values(this.clients)) client.close();
    await this.kill();
  }
}
