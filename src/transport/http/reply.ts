/** A reply as Node.js sends it, and whether its connection is closed after it. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { connectionOf, isIncomplete } from './connection.ts';

/** The time that a client gets to read a last reply and disconnect; what it sends meanwhile is dropped. */
export const LINGER_MS = 2_000;

type Head = Parameters<ServerResponse['writeHead']>;
type End = Parameters<ServerResponse['end']>;

export class Reply<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  /** The head of a reply to a request that has not arrived as a whole. */
  #early: Head | undefined;

  override writeHead(...head: never[]): this {
    if (!isIncomplete(this.req)) return this.#sendHead(head as unknown as Head);
    this.#early = head as unknown as Head;
    return this;
  }

  override end(...end: never[]): this {
    const early = this.#early;
    if (early === undefined) return super.end(...(end as unknown as End));
    this.#early = undefined;
    // The rest of the request may have come with its head, and is parsed by then.
    setImmediate(() => {
      this.#sendHead(early);
      if (isIncomplete(this.req)) this.#linger(end[0]);
      else super.end(...(end as unknown as End));
    });
    return this;
  }

  #sendHead(head: Head): this {
    if (connectionOf(this.req.socket)?.endsWith(this)) this.setHeader('connection', 'close');
    return super.writeHead(...head);
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
