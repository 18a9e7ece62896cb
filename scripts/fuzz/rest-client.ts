/** An HTTP/1.1 connection that sends the bytes of a case and reads the answers. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, type RestCase } from './case.ts';

export interface RestAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RestResponses {
  readonly answers: readonly RestAnswer[];
  /** What was received after them. */
  readonly rest: Buffer;
}

/** Longer than the service may take for a request, shorter than it waits for an incomplete one. */
const ANSWER_LIMIT_MS = 8_000;

const LAST_CHUNK = '0\r\n\r\n';

export class RestConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  /** The service has announced that it closes the connection. */
  #closing = false;
  #onReceived = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#onReceived();
    });
    // A reset closes the connection as well; only what was received before matters.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#onReceived();
    });
  }

  static async open(port: number): Promise<RestConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RestConnection(socket);
  }

  /** Whether it can carry another case. */
  get usable(): boolean {
    return !this.#closed && !this.#closing && this.#received.length === 0 && this.#socket.writable;
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * Sends a case and reads as many answers as it has requests, or all until the connection is closed.
   *
   * @throws WrongAnswer when neither happens in time, or the answer is not HTTP.
   */
  async send({ writes, requests, end }: RestCase): Promise<RestResponses> {
    for (const bytes of writes) {
      if (this.#closed) break;
      this.#socket.write(bytes);
      if (writes.length > 1) await setImmediate();
    }
    if (end) this.#socket.end();
    const late = performance.now() + ANSWER_LIMIT_MS;
    for (;;) {
      const answers: RestAnswer[] = [];
      let at = 0;
      for (;;) {
        const noBody = requests[answers.length]?.method === 'HEAD';
        const found = readAnswer(this.#received.subarray(at), noBody, this.#closed);
        if (found === undefined) break;
        at += found.bytes;
        // `100 Continue` is not yet an answer.
        if (found.answer.status >= 200) answers.push(found.answer);
      }
      if (this.#closed || (!end && answers.length >= requests.length)) {
        const rest = this.#received.subarray(at);
        this.#received = rest;
        this.#closing = answers.some(({ headers }) => headers.get('connection') === 'close');
        return { answers, rest };
      }
      expect(performance.now() < late, 'no answer, and the connection stays open');
      await this.#more(late - performance.now());
    }
  }

  /** Resolves when more is received, or at the limit. */
  #more(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onReceived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

interface Found {
  readonly answer: RestAnswer;
  readonly bytes: number;
}

/** Reads one whole answer; undefined while it is incomplete. */
function readAnswer(data: Buffer, noBody: boolean, closed: boolean): Found | undefined {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  expect(status >= 100, `an answer begins with ${JSON.stringify(line.slice(0, 80))}`);
  const headers = new Map(lines.map(splitHeader));
  const from = end + 4;
  const upTo = (to: number): Found => ({
    answer: { status, headers, body: data.subarray(from, to) },
    bytes: to,
  });
  // A request that cannot be parsed is refused with a body, whatever its method.
  const isHead = noBody && headers.get('connection') !== 'close';
  if (isHead || status < 200 || status === 204 || status === 304) return upTo(from);
  const length = headers.get('content-length');
  if (headers.get('transfer-encoding') === 'chunked') {
    // Only responses without a body are chunked: the redirect from `/` to the page.
    const last = data.indexOf(LAST_CHUNK, from);
    return last < 0 ? undefined : upTo(last + LAST_CHUNK.length);
  }
  if (length === undefined) return closed ? upTo(data.length) : undefined;
  const to = from + Number(length);
  return to > data.length ? undefined : upTo(to);
}

function splitHeader(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}
