/** REST connections: the order of their requests, how many run at a time, and how each connection ends. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../timing/clock.ts';
import type { Connection, Connections } from '../connection-admission.ts';
import type { ConnectionLimits } from './limits.ts';

const CONNECTION = Symbol('connection');

/** The connection of a request's socket; undefined when it was not admitted. */
export function connectionOf(socket: Socket): HttpConnection | undefined {
  return (socket as { [CONNECTION]?: HttpConnection })[CONNECTION];
}

/** A reply that is to be made. */
export interface PendingReply extends ServerResponse {
  /** When the head of its request was read, if the request had to wait for earlier ones. */
  arrivedMs?: number | undefined;
}

export interface HttpConnectionsOptions {
  readonly limits: ConnectionLimits;
  /** The shares of the port. */
  readonly admission: Connections;
  /** The clock of deadlines. */
  readonly now: Clock;
  /** Runs a request, and replies. */
  readonly serve: (reply: ServerResponse) => void;
}

/** All connections of a server, and what they have in common. */
export class HttpConnections {
  readonly options: HttpConnectionsOptions;
  /** From now on each connection closes with its last reply. */
  isRetiring = false;
  /** The same, and requests that did not run yet are refused. */
  isStopping = false;
  /** Requests without a reply, those that wait included. */
  unanswered = 0;
  /** Those that wait until earlier ones of their connection have their reply. */
  waiting = 0;
  #onAnswered: (() => void) | undefined;

  constructor(options: HttpConnectionsOptions) {
    this.options = options;
  }

  /** Takes the connections of a server. Over TLS requests come by another socket than the one admitted. */
  take(server: Server, isSecure: boolean): void {
    const { admission } = this.options;
    const open = (socket: Socket, admitted: Connection | undefined) =>
      admitted && Object.assign(socket, { [CONNECTION]: new HttpConnection(socket, admitted, this) });
    server.on('connection', (socket: Socket) => {
      const admitted = admission.admit(socket);
      if (!isSecure) open(socket, admitted);
    });
    server.on('secureConnection', (socket: Socket) => open(socket, admission.find(socket)));
  }

  /** Resolves when no request is without a reply, or after `graceMs`. */
  async answered(graceMs: number): Promise<void> {
    if (this.unanswered === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Counts requests that have their reply, or whose connection is closed. */
  settle(requests: number): void {
    this.unanswered -= requests;
    if (this.unanswered === 0) this.#onAnswered?.();
  }
}

/** One connection. */
class HttpConnection {
  readonly #socket: Socket;
  readonly #admitted: Connection;
  readonly #all: HttpConnections;
  /** The replies that are not sent, in the order of their requests. The first `#running` are being made. */
  readonly #replies: PendingReply[] = [];
  #running = 0;
  #isNew = true;
  #isOld = false;
  /** The last reply is known: what comes behind it is not run, so its client may repeat it elsewhere. */
  #isEnding = false;

  constructor(socket: Socket, admitted: Connection, all: HttpConnections) {
    const { firstRequestMs, ageMs } = all.options.limits;
    this.#socket = socket;
    this.#admitted = admitted;
    this.#all = all;
    // A request that has not arrived as a whole does not protect its connection.
    admitted.isBusy = () => this.#replies.some(({ req }) => !isIncomplete(req));
    socket.setTimeout(firstRequestMs);
    // Not all at one moment: connections are often made at one moment.
    const timer = setTimeout(
      () => {
        this.#isOld = true;
      },
      ageMs * (0.9 + 0.2 * Math.random()),
    );
    timer.unref();
    socket.once('close', () => {
      clearTimeout(timer);
      this.#drop(this.#replies.length);
    });
    // Node.js resumes a socket after every request.
    socket.on('resume', () => {
      if (this.#replies.length > this.#running) socket.pause();
    });
  }

  /** The replies that are not sent yet, in the order of their requests. */
  get replies(): readonly ServerResponse[] {
    return this.#replies;
  }

  /** Whether it closes with its next reply because of its age. */
  get isOld(): boolean {
    return this.#isOld;
  }

  /** The peer that a request comes from. */
  clientOf({ headers }: IncomingMessage): string {
    return this.#admitted.clientOf(() => {
      const forwardedFor = headers['x-forwarded-for'];
      return Array.isArray(forwardedFor) ? forwardedFor.join() : forwardedFor;
    });
  }

  /**
   * Runs a request, or lets it wait until earlier ones have their replies. While one waits nothing more is
   * read from the connection.
   */
  add(reply: PendingReply): void {
    const { limits, now } = this.#all.options;
    if (this.#socket.destroyed) {
      reply.req.destroy();
      return;
    }
    if (this.#isEnding) {
      this.#socket.pause();
      return;
    }
    this.#replies.push(reply);
    this.#all.unanswered++;
    if (this.#running < limits.runningMax) {
      this.#run();
      return;
    }
    reply.arrivedMs = now();
    this.#all.waiting++;
    if (this.#all.waiting > limits.waitingMax) this.#cutOff();
    else this.#socket.pause();
  }

  /**
   * Closes the connection at once. Node.js then aborts each of its requests with an error and its stack, a
   * thousand of them in one turn of the event loop, but not those that were destroyed before.
   */
  #cutOff(): void {
    this.#socket.destroy();
    for (let index = this.#running; index < this.#replies.length; index++)
      this.#replies[index]?.req.destroy();
  }

  /** Closes the connection with the reply to the latest request that runs. Those behind it are not run. */
  end(): void {
    this.#isEnding = true;
    this.#drop(this.#replies.length - this.#running);
  }

  /** Whether the connection is closed with this reply, whose head is about to be sent. */
  endsWith(reply: ServerResponse): boolean {
    if (reply !== this.#replies.at(-1)) return false;
    const { isRetiring, isStopping } = this.#all;
    this.#isEnding ||= this.#isOld || isRetiring || isStopping || isIncomplete(reply.req);
    return this.#isEnding;
  }

  #run(): void {
    const { limits, serve } = this.#all.options;
    const reply = this.#replies[this.#running] as ServerResponse;
    this.#running++;
    this.#admitted.touch();
    if (this.#isNew) this.#socket.setTimeout(limits.stuckMs);
    this.#isNew = false;
    reply.on('close', onReplyClose);
    serve(reply);
  }

  /** The first reply is sent. */
  settle(reply: ServerResponse): void {
    if (reply !== this.#replies[0]) return;
    this.#replies.shift();
    this.#running--;
    this.#admitted.touch();
    if (this.#replies.length > this.#running && !this.#socket.destroyed) {
      this.#all.waiting--;
      this.#run();
      if (this.#replies.length === this.#running) this.#socket.resume();
    }
    this.#all.settle(1);
  }

  /** Forgets the last requests, which get no reply. */
  #drop(count: number): void {
    const left = this.#replies.length - count;
    this.#all.waiting -= Math.min(count, this.#replies.length - this.#running);
    this.#replies.length = left;
    this.#running = Math.min(this.#running, left);
    this.#all.settle(count);
  }
}

/** One function for all replies. On Node.js 20 those of a closed connection never call it. */
function onReplyClose(this: ServerResponse): void {
  connectionOf(this.req.socket)?.settle(this);
}

/** Whether a request has a body that has not arrived as a whole. */
export function isIncomplete({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}
