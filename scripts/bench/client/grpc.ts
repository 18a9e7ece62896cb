/**
 * gRPC for the load client: HTTP/2 frames on plain sockets, many calls on each, messages encoded in advance.
 * A client on grpc-js or node:http2 would take more CPU than the service that it loads, on the same cores.
 */
import type { Socket } from 'node:net';
import {
  CreateOrderRequest,
  CreateOrderResponse,
  GetOrderRequest,
} from '../../../src/generated/proto/loms/order/v1/order.ts';
import { GetStockRequest } from '../../../src/generated/proto/loms/stock/v1/stock.ts';
import {
  type FrameHandler,
  flags,
  frame,
  frameHeader,
  PREFACE,
  readFrames,
  readStreamsMax,
  types,
} from '../../../test/support/frames.ts';
import { HeaderWriter, readStatus } from '../../lib/hpack.ts';
import type { OnAnswer, Protocol, Wire } from './wire.ts';

export interface GrpcRequest {
  readonly path: string;
  /** The message, after gRPC's prefix of five bytes. */
  readonly message: Buffer;
}

/** More connections gain nothing in a closed loop, and each costs the service CPU. */
const CONNECTIONS_MAX = 16;

const ORDER = '/loms.order.v1.OrderService';
const STOCK = '/loms.stock.v1.StockService';

function request(path: string, bytes: Uint8Array): GrpcRequest {
  return { path, message: Buffer.concat([Buffer.of(0, 0, 0, 0, bytes.length), bytes]) };
}

export const grpc: Protocol<GrpcRequest> = {
  create(skus, user) {
    const items = skus.map((sku) => ({ sku, count: 1 }));
    const message = { user: BigInt(user), items };
    return request(`${ORDER}/CreateOrder`, CreateOrderRequest.encode(message).finish());
  },
  pay: (orderId) => request(`${ORDER}/PayOrder`, orderIdMessage(orderId)),
  info: (orderId) => request(`${ORDER}/GetOrder`, orderIdMessage(orderId)),
  stock: (sku) => request(`${STOCK}/GetStock`, GetStockRequest.encode({ sku }).finish()),
  orderIdOf: (reply) => CreateOrderResponse.decode(reply.subarray(5)).orderId.toString(),
  connections: ({ concurrency, connections }) => connections ?? Math.min(CONNECTIONS_MAX, concurrency),
  start: (socket, slots, onLost) => new GrpcWire(socket, slots, onLost),
};

/** The message of get, pay and cancel. */
function orderIdMessage(orderId: string): Uint8Array {
  return GetOrderRequest.encode({ orderId: BigInt(orderId) }).finish();
}

interface Stream {
  readonly onAnswer: OnAnswer;
  reply: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The initial flow control window of HTTP/2. */
const WINDOW_BYTES = 65_535;

class GrpcWire implements Wire<GrpcRequest>, FrameHandler {
  readonly #socket: Socket;
  /** How many streams may be open: the load's number, or the server's limit. */
  #slots: number;
  #onReady: (() => void) | undefined;
  /** Resolves when the server has sent its limit of streams. */
  readonly ready = new Promise<void>((resolve) => {
    this.#onReady = resolve;
  });
  readonly #headers = new HeaderWriter();
  readonly #streams = new Map<number, Stream>();
  #nextStream = 1;
  #window = WINDOW_BYTES;
  #outgoing: Buffer[] = [];
  #broken = false;

  constructor(socket: Socket, slots: number, onLost: (requests: number) => void) {
    this.#socket = socket;
    this.#slots = slots;
    socket.write(PREFACE);
    const read = readFrames(this);
    socket.on('data', read);
    socket.on('close', () => {
      this.#broken = true;
      onLost(this.#streams.size);
    });
  }

  get free(): number {
    return this.#broken ? 0 : this.#slots - this.#streams.size;
  }

  send({ path, message }: GrpcRequest, onAnswer: OnAnswer): void {
    // The server restores the window long before small messages use it up.
    if (message.length > this.#window) throw new Error('the HTTP/2 window is used up: fewer streams');
    this.#window -= message.length;
    const id = this.#nextStream;
    this.#nextStream += 2;
    this.#streams.set(id, { onAnswer, reply: NOTHING });
    const block = this.#headers.write(path);
    this.#write(
      frameHeader(block.length, types.headers, flags.endHeaders, id),
      block,
      frameHeader(message.length, types.data, flags.endStream, id),
      message,
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  onFrame(type: number, flag: number, id: number, payload: Buffer): void {
    switch (type) {
      case types.data: {
        const stream = this.#streams.get(id);
        if (stream !== undefined) stream.reply = Buffer.concat([stream.reply, payload]);
        break;
      }
      case types.headers:
        if ((flag & flags.endStream) !== 0) this.#end(id, readStatus(payload));
        break;
      case types.reset:
        this.#end(id, undefined);
        break;
      case types.settings:
        if ((flag & flags.ack) !== 0) break;
        this.#slots = Math.min(this.#slots, readStreamsMax(payload) ?? this.#slots);
        this.#write(frame(types.settings, flags.ack, 0, NOTHING));
        this.#onReady?.();
        break;
      case types.ping:
        if ((flag & flags.ack) === 0) this.#write(frame(types.ping, flags.ack, 0, payload));
        break;
      case types.windowUpdate:
        if (id === 0) this.#window += payload.readUInt32BE();
        break;
      case types.goAway:
        this.#socket.destroy();
        break;
    }
  }

  /** A stream that ended without a status counts as code 2, UNKNOWN, as in gRPC clients. */
  #end(id: number, status = 2): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.onAnswer(status === 0, status, stream.reply);
  }

  /** Collects the writes of one turn of the event loop, and sends them together. */
  #write(...chunks: Buffer[]): void {
    if (this.#outgoing.length === 0) {
      queueMicrotask(() => {
        this.#socket.write(Buffer.concat(this.#outgoing));
        this.#outgoing = [];
      });
    }
    this.#outgoing.push(...chunks);
  }
}
