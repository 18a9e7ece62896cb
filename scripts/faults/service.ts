/** One process of the service, which may be killed and started again on the same ports. */

import type { Transport } from '../../test/support/client.ts';
import { type Exit, type Server, startServer } from '../lib/server.ts';
import { type FaultClient, openClients } from './client.ts';

export interface ServicePorts {
  readonly REST: number;
  readonly gRPC: number;
}

/** The last lines of its log that are kept. */
const LOG_LINES_MAX = 5_000;

export class Service {
  readonly clients: Readonly<Record<Transport, FaultClient>>;
  /** What it has logged, over all its starts. */
  readonly log: string[] = [];
  /** How it ended when nobody had asked it to, or otherwise than it was asked to. */
  readonly accidents: string[] = [];
  readonly #args: readonly string[];
  readonly #ports: ServicePorts;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Server | undefined;
  #askedToEnd = false;

  /**
   * @param args of node, to run the service.
   * @param settings its environment besides ports.
   */
  constructor(args: readonly string[], ports: ServicePorts, settings: Readonly<Record<string, string>>) {
    this.#args = args;
    this.#ports = ports;
    this.#settings = settings;
    this.clients = openClients(ports);
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const ports = { HTTP_PORT: String(this.#ports.REST), GRPC_PORT: String(this.#ports.gRPC) };
    const env = { PATH: process.env.PATH, ...this.#settings, ...ports };
    this.#askedToEnd = false;
    this.#server = await startServer(this.#args, env, (line) => {
      if (this.log.push(line) > LOG_LINES_MAX) this.log.shift();
    });
    void this.#server.exited.then((exit) => {
      if (!this.#askedToEnd) this.accidents.push(`the service ended by itself with ${shown(exit)}`);
    });
  }

  async kill(): Promise<void> {
    this.#askedToEnd = true;
    await this.#server?.kill();
    await this.#server?.exited;
  }

  /** Stops it in order, by SIGTERM. */
  async end(): Promise<void> {
    if (this.#server === undefined) return;
    this.#askedToEnd = true;
    await this.#server.end();
    const exit = await this.#server.exited;
    if (exit.code !== 0) this.accidents.push(`SIGTERM ended the service with ${shown(exit)}`);
  }

  /** Ends it for good, with its clients. */
  async close(): Promise<void> {
    for (const client of Object.values(this.clients)) client.close();
    await this.kill();
  }
}

function shown({ code, signal, errors }: Exit): string {
  return `${signal ?? `code ${code}`}: ${errors.trim() || 'no words'}`;
}
