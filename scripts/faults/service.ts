/** One process of the service, which may be killed and restarted on the same ports. */

import type { Transport } from '../../test/support/client.ts';
import { type Exit, type ServiceProcess, startProcess } from '../../test/support/process.ts';
import { type FaultClient, openClients } from './client.ts';

/** The last lines of its log that are kept. */
const LOG_LINES_MAX = 5_000;

/** The ports of one process. */
export type ServicePorts = Readonly<Record<Transport | 'probe', number>>;

export class Service {
  readonly ports: ServicePorts;
  readonly clients: Readonly<Record<Transport, FaultClient>>;
  /** What it has logged, over all its starts. */
  readonly log: string[] = [];
  /** Exits that the run did not cause, or that differ from what it caused. */
  readonly unexpectedExits: string[] = [];
  readonly #args: readonly string[];
  readonly #settings: Readonly<Record<string, string>>;
  #process: ServiceProcess | undefined;
  #isExpectedToEnd = false;

  /**
   * @param args of node, to run the service.
   * @param settings its environment besides ports.
   */
  constructor(args: readonly string[], ports: ServicePorts, settings: Readonly<Record<string, string>>) {
    this.#args = args;
    this.ports = ports;
    this.#settings = settings;
    this.clients = openClients(ports);
  }

  /** Of the process, also of one that has ended. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const { REST, gRPC, probe } = this.ports;
    const ports = { HTTP_PORT: String(REST), GRPC_PORT: String(gRPC), PROBE_PORT: String(probe) };
    const onLine = (line: string) => {
      if (this.log.push(line) > LOG_LINES_MAX) this.log.shift();
    };
    this.#isExpectedToEnd = false;
    this.#process = await startProcess({ ...this.#settings, ...ports }, { args: this.#args, onLine });
    void this.#process.exited.then((exit) => {
      if (!this.#isExpectedToEnd)
        this.unexpectedExits.push(`the service ended by itself with ${shown(exit)}`);
    });
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#process?.end('SIGKILL');
  }

  /** Stops it gracefully, by SIGTERM. */
  async end(): Promise<void> {
    if (this.#process === undefined) return;
    this.#isExpectedToEnd = true;
    const exit = await this.#process.end();
    if (exit.code !== 0) this.unexpectedExits.push(`SIGTERM ended the service with ${shown(exit)}`);
  }

  /** Kills it, and closes its clients. */
  async close(): Promise<void> {
    for (const client of Object.values(this.clients)) client.close();
    await this.kill();
  }
}

function shown({ code, signal, errors }: Exit): string {
  return `${signal ?? `code ${code}`}: ${errors.trim() || 'no output'}`;
}
