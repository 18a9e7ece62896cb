/**
 * REST for the load client: HTTP/1.1 on plain sockets, one request at a time on each, bytes prepared in
 * advance. Node's own HTTP client would take as much CPU as the service that it loads, on the same cores.
 */
import type { Protocol, Wire } from './wire.ts';

const HEADER_END = '\r\n\r\n';
const STATUS_OK = 200;

function post(path: string, body: string): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json`;
  return `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
}

export const rest: Protocol<string> = {
  create([first, second], user) {
    const items = `[{"sku":${first},"count":1},{"sku":${second},"count":1}]`;
    return post('/order/create', `{"user":${user},"items":${items}}`);
  },
  pay: (orderId) => post('/order/pay', `{"orderID":${orderId}}`),
  info: (orderId) => get(`/order/info/${orderId}`),
  stock: (sku) => get(`/stock/info/${sku}`),
  orderIdOf: (reply) => /"orderID":(\d+)/.exec(reply.toString('latin1'))?.[1] ?? '',
  connections: ({ concurrency }) => concurrency,
  start(socket, _slots, onLost) {
    let waiting: Parameters<Wire<string>['send']>[1] | undefined;
    let broken = false;
    let rest: Buffer | undefined;

    socket.on('data', (chunk) => {
      const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      const answer = readAnswer(data);
      rest = answer === undefined ? data : undefined;
      if (answer === undefined) return;
      const onAnswer = waiting;
      waiting = undefined;
      onAnswer?.(answer.status === STATUS_OK, answer.status, answer.body);
    });
    socket.on('close', () => {
      broken = true;
      onLost(waiting === undefined ? 0 : 1);
    });
    return {
      ready: Promise.resolve(),
      get free() {
        return broken || waiting !== undefined ? 0 : 1;
      },
      send(request, onAnswer) {
        waiting = onAnswer;
        socket.write(request, 'latin1');
      },
      close: () => socket.destroy(),
    };
  },
};

/** Reads a whole answer; undefined while it is incomplete. */
function readAnswer(data: Buffer): { status: number; body: Buffer } | undefined {
  const end = data.indexOf(HEADER_END);
  if (end < 0) return undefined;
  const head = data.toString('latin1', 0, end);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const from = end + HEADER_END.length;
  if (data.length < from + length) return undefined;
  return { status: Number(head.slice(9, 12)), body: data.subarray(from, from + length) };
}
