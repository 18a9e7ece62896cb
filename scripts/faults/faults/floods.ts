/** Floods by one client: requests that it resets at once, and requests without end on each connection. */
import { connect } from 'node:net';
import { GetStockRequest, StockServiceService } from '../../../src/generated/proto/loms/stock/v1/stock.ts';
import { flags, frame, PREFACE, types } from '../../../test/support/frames.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { HeaderWriter } from '../../lib/hpack.ts';
import { HOT_SKU } from '../stock.ts';
import { type Fault, type FaultContext, firstService } from './fault.ts';

const BURSTS = 50;
const BURST_INTERVAL_MS = 100;
const RESETS = 900;
const CANCEL = Buffer.of(0, 0, 0, 8);

export const resetBursts: Fault = {
  kind: 'reset-bursts',
  what: '10 new gRPC connections a second, 900 calls on each that are reset at once, for 5 seconds',
  probed: true,
  inject: (context) =>
    duringFlood(context, async (connections) => {
      const { gRPC } = firstService(context).ports;
      for (let left = BURSTS; left > 0; left--) {
        connections.push(new FloodConnection(gRPC, resetCalls));
        await context.pause(BURST_INTERVAL_MS);
      }
    }),
};

const PIPELINES = 100;
const PIPELINED = 2_000;
const PIPELINES_LIMIT_MS = 5_000;

export const pipelinedReads: Fault = {
  kind: 'pipelined-reads',
  what: '100 REST connections at once, 2,000 pipelined reads on each, reset after at most 5 seconds',
  probed: true,
  inject: (context) =>
    duringFlood(context, async (connections) => {
      const { REST } = firstService(context).ports;
      for (let left = PIPELINES; left > 0; left--) connections.push(new FloodConnection(REST, reads));
      const allClosed = Promise.all(connections.map(({ closed }) => closed));
      await Promise.race([allClosed, context.pause(PIPELINES_LIMIT_MS)]);
    }),
};

/** Records a flood, and resets at its end those of its connections that the service has not closed. */
async function duringFlood(
  { history }: FaultContext,
  flood: (connections: FloodConnection[]) => Promise<void>,
): Promise<void> {
  const connections: FloodConnection[] = [];
  const fromMs = history.note('the flood begins');
  await flood(connections).finally(() => {
    for (const connection of connections) connection.end();
  });
  const count = (isMeant: (connection: FloodConnection) => boolean) => connections.filter(isMeant).length;
  const closed = count(({ isClosedByService }) => isClosedByService);
  const text = `the flood ends; the service closed ${closed} of its ${connections.length} connections`;
  history.floods.push({ fromMs, untilMs: history.note(text) });
  if (closed + count(({ isAnswered }) => isAnswered) === 0) {
    throw new Error('the fault had no effect: the service neither answered nor closed a connection');
  }
}

/** A connection that writes everything at once, and takes what comes. */
class FloodConnection {
  readonly closed: Promise<void>;
  isAnswered = false;
  isClosedByService = false;
  readonly #socket;

  constructor(port: number, bytes: Buffer) {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      this.isAnswered = true;
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#socket = socket;
  }

  end(): void {
    this.isClosedByService = this.#socket.destroyed;
    this.#socket.resetAndDestroy();
  }
}

const resetCalls = (() => {
  const { path } = StockServiceService.getStock;
  const request = framed(GetStockRequest.encode({ sku: HOT_SKU }).finish());
  const headers = new HeaderWriter();
  const streams = Array.from({ length: RESETS }, (_, index) => 2 * index + 1);
  const frames = streams.flatMap((stream) => [
    frame(types.headers, flags.endHeaders, stream, headers.write(path)),
    frame(types.data, flags.endStream, stream, request),
    frame(types.reset, 0, stream, CANCEL),
  ]);
  return Buffer.concat([PREFACE, ...frames]);
})();

const read = (more: string) => `GET /stock/info/${HOT_SKU} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
/** The last one closes the connection, so that it is known when all are answered. */
const reads = Buffer.from(read('').repeat(PIPELINED - 1) + read('Connection: close\r\n'));
