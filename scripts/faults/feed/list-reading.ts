/** Reads the feed by ListEvents with long polls, over REST and gRPC in turn. */
import type { Client, Operation, Reply, Request } from '../../../test/support/client.ts';
import { grpcClient } from '../../../test/support/grpc-client.ts';
import { restClient } from '../../../test/support/rest-client.ts';
import type { ServicePorts } from '../service.ts';
import { type Open, Refused } from './reader.ts';

/** How long a call may wait for an event, its deadline, and when its caller disconnects. */
const WAIT_SECONDS = 1;
const LIMITS = { timeoutMs: 3_000, disconnectAfterMs: 4_000 };
/** Small ones, so that a reader has many cursors, and large ones, so that it catches up. */
const PAGE_SIZES = [7, 1_000];

/** The clients of readers, which are opened once for each port. */
export class ReaderClients {
  readonly #clients = new Map<number, Client>();
  #turn = 0;

  /**
   * Calls a process of the service over each transport in turn.
   *
   * @throws Refused, NoAnswer
   */
  async call<Name extends Operation>(
    { REST, gRPC }: ServicePorts,
    operation: Name,
    request: Request<Name>,
  ): Promise<Reply<Name>> {
    const client = this.#turn++ % 2 === 0 ? this.#client(REST, restClient) : this.#client(gRPC, grpcClient);
    const answer = await client.call(operation, request, LIMITS);
    if ('error' in answer) throw new Refused(answer.error);
    return answer.reply as Reply<Name>;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #client(port: number, open: (port: number) => Client): Client {
    const client = this.#clients.get(port) ?? open(port);
    this.#clients.set(port, client);
    return client;
  }
}

export function listReading(clients: ReaderClients): Open {
  return async function* (ports, from) {
    let token = from;
    for (let turn = 0; ; turn++) {
      const begin = token === '' ? { from: 'beginning' } : { pageToken: token };
      const pageSize = PAGE_SIZES[turn % PAGE_SIZES.length] ?? 0;
      const request = { ...begin, pageSize, waitSeconds: WAIT_SECONDS };
      const { events, nextPageToken } = await clients.call(ports, 'listEvents', request);
      token = nextPageToken;
      yield { events, token };
    }
  };
}
