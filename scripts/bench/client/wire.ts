/** What the load client needs of a transport. REST and gRPC each have their own. */
import type { Socket } from 'node:net';
import type { Load } from '../types.ts';

/** Takes one answer: whether it was a success, its HTTP status or gRPC code, and the reply's bytes. */
export type OnAnswer = (ok: boolean, status: number, reply: Buffer) => void;

/** One connection. */
export interface Wire<Request> {
  /** Resolves when it may be used. */
  readonly ready: Promise<unknown>;
  /** How many more requests it can carry now; 0 when it is broken. */
  readonly free: number;
  send(request: Request, onAnswer: OnAnswer): void;
  close(): void;
}

/** How the operations are said in a transport, and how it is spoken. */
export interface Protocol<Request> {
  create(skus: readonly [number, number], user: number): Request;
  pay(orderId: string): Request;
  info(orderId: string): Request;
  stock(sku: number): Request;
  /** Reads the id out of the reply to `create`. */
  orderIdOf(reply: Buffer): string;
  /** How many connections to open for a load. */
  connections(load: Load): number;
  /**
   * Puts the protocol on an open socket.
   *
   * @param slots how many requests it is to carry at a time.
   * @param onLost is told, when the connection breaks, how many requests got no answer.
   */
  start(socket: Socket, slots: number, onLost: (requests: number) => void): Wire<Request>;
}
