/** What the load client needs of a transport: implemented for REST and for gRPC. */
import type { Socket } from 'node:net';
import type { Load } from '../types.ts';

/** Receives an answer: whether it is a success, its HTTP status or gRPC code, and the bytes of the reply. */
export type OnAnswer = (ok: boolean, status: number, reply: Buffer) => void;

/** One connection. */
export interface Wire<Request> {
  /** Resolves when it can be used. */
  readonly ready: Promise<unknown>;
  /** How many more requests it can carry now; 0 when it is broken. */
  readonly free: number;
  send(request: Request, onAnswer: OnAnswer): void;
  close(): void;
}

/** The requests of a transport, and its connections. */
export interface Protocol<Request> {
  create(skus: readonly [number, number], user: number): Request;
  pay(orderId: string): Request;
  info(orderId: string): Request;
  stock(sku: number): Request;
  /** Reads the id in the reply to `create`. */
  orderIdOf(reply: Buffer): string;
  /** The number of connections of a load. */
  connections(load: Load): number;
  /**
   * Starts the protocol on an open socket.
   *
   * @param slots the number of requests in flight that it may carry.
   * @param onLost is called when the connection is lost, with the number of requests without an answer.
   */
  start(socket: Socket, slots: number, onLost: (requests: number) => void): Wire<Request>;
}
