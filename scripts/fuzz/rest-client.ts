/** An HTTP/1.1 connection that says the bytes of a case and hears the answers. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { must, type RestCase } from './case.ts';

export interface RestAnswer {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RestHeard {
  readonly answers: readonly RestAnswer[];
  /** What came behind them. */
  readonly rest: Buffer;
}

/** Longer than the service may take for a request, shorter than it waits for one. */
const ANSWER_LIMIT_MS = 8_000;

const LAST_CHUNK = '0\r\n\r\n';

export class RestConnection {
  readonly #socket: Socket;
  #heard: Buffer = Buffer.alloc(0);
  #closed = false;
  /** The service has said that it will close the connection. */
  #closing = false;
  #onHeard = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#heard = Buffer.concat([this.#heard, data]);
      this.#onHeard();
    });
    // A reset is one way of being closed; what matters is what was heard before.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#onHeard();
    });
  }

  static async open(port: number): Promise<RestConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RestConnection(socket);
  }

  /** Whether it can carry another case. */
  get usable(): boolean {
    return !this.#closed && !this.#closing && this.#heard.length === 0 && this.#socket.writable;
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * Says a case and hears what is answered: as many answers as requests, or all until the connection is closed.
   *
   * @throws WrongAnswer when neither comes in time, or what comes is no HTTP.
   */
  async say({ writes, asks, end }: RestCase): Promise<RestHeard> {
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
        const noBody = asks[answers.length]?.method === 'HEAD';
        const found = readAnswer(this.#heard.subarray(at), noBody, this.#closed);
        if (found === undefined) break;
        at += found.bytes;
        // A go-ahead is not yet an answer.
        if (found.answer.status >= 200) answers.push(found.answer);
      }
      if (this.#closed || (!end && answers.length >= asks.length)) {
        const rest = this.#heard.subarray(at);
        this.#heard = rest;
        this.#closing = answers.some(({ headers }) => headers.get('connection') === 'close');
        return { answers, rest };
      }
      must(performance.now() < late, 'no answer, and the connection stays open');
      await this.#more(late - performance.now());
    }
  }

  /** Resolves when more was heard, or when nothing was for so long. */
  #more(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onHeard = () => {
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

/** Reads one whole answer, or nothing when its end is still to come. */
function readAnswer(data: Buffer, noBody: boolean, closed: boolean): Found | undefined {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  must(status >= 100, `an answer begins with ${JSON.stringify(line.slice(0, 80))}`);
  const headers = new Map(lines.map(splitHeader));
  const from = end + 4;
  const made = (to: number): Found => ({
    answer: { status, headers, body: data.subarray(from, to) },
    bytes: to,
  });
  // What cannot be parsed to its end is refused with a body, also where its method would forbid one.
  const isHead = noBody && headers.get('connection') !== 'close';
  if (isHead || status < 200 || status === 204 || status === 304) return made(from);
  const length = headers.get('content-length');
  if (headers.get('transfer-encoding') === 'chunked') {
    // Only answers without a body come in chunks: the way from `/` to the page.
    const last = data.indexOf(LAST_CHUNK, from);
    return last < 0 ? undefined : made(last + LAST_CHUNK.length);
  }
  if (length === undefined) return closed ? made(data.length) : undefined;
  const to = from + Number(length);
  return to > data.length ? undefined : made(to);
}

function splitHeader(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}
