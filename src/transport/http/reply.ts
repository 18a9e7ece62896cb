/** A reply as Node.js sends it, and whether its connection is closed after it. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { connectionOf, isIncomplete } from './connection.ts';

/** The time that a client gets to read a last reply and disconnect; what it sends meanwhile is dropped. */
export const LINGER_MS = 2_000;

/** The overloads of Node.js take their parameters as they are given here, whichever they are. */
type Given = never;

type End = Parameters<ServerResponse['end']>;

export class Reply<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  /** The head of a reply to a request that has not arrived as a whole. */
  #early: (() => void) | undefined;
  /** See `PendingReply`. It is declared here so that all replies have one shape. */
  arrivedMs: number | undefined;

  override writeHead(status: number, message?: Given, headers?: Given): this {
    if (!isIncomplete(this.req)) return this.#sendHead(status, message, headers);
    this.#early = () => void this.#sendHead(status, message, headers);
    return this;
  }

  override end(...end: Given[]): this {
    const sendHead = this.#early;
    if (sendHead === undefined) return super.end(...(end as unknown as End));
    this.#early = undefined;
    // The rest of the request may have come with its head, and is parsed by then.
    setImmediate(() => {
      sendHead();
      if (isIncomplete(this.req)) this.#linger(end[0]);
      else super.end(...(end as unknown as End));
    });
    return this;
  }

  #sendHead(status: number, message?: Given, headers?: Given): this {
    if (connectionOf(this.req.socket)?.endsWith(this)) this.setHeader('connection', 'close');
    return super.writeHead(status, message, headers);
  }

  /**
   * Sends the whole reply, but ends it only after the request: data that arrive at a closed connection reset
   * it, and a client that sends first and reads later would lose the reply.
   */
  #linger(body: string | Uint8Array | undefined): void {
    this.flushHeaders();
    if (body) this.write(body);
    const timer = setTimeout(() => super.end(), LINGER_MS);
    this.req.once('close', () => {
      clearTimeout(timer);
      super.end();
    });
    this.req.resume();
  }
}
