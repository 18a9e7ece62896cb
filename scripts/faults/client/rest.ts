/** REST, by Node's own HTTP client. */
import { Agent, type IncomingMessage, type RequestOptions, request as send } from 'node:http';
import type { Answer, Manner, Request } from '../history.ts';
import {
  type Client,
  LISTEN_ON_MS,
  lostAnswer,
  notSent,
  readAnswer,
  refusalAnswer,
  type ToldShort,
} from './client.ts';

/** Opens a client with a connection for each call that is under way. */
export function openRest(port: number): Client {
  const agent = new Agent({ keepAlive: true, host: '127.0.0.1', port });
  return {
    call: (request, manner) => call(agent, port, request, manner),
    close: () => agent.destroy(),
  };
}

function call(agent: Agent, port: number, request: Request, manner: Manner): Promise<Answer> {
  const { method, path, body } = wordsOf(request);
  const headers = {
    'request-timeout': String(manner.deadlineMs / 1_000),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    ...(request.key === undefined ? {} : { 'idempotency-key': request.key }),
  };
  const options: RequestOptions = { agent, host: '127.0.0.1', port, method, path, headers };
  return new Promise((resolve) => {
    let left = '';
    const outgoing = send(options, (incoming) => {
      read(incoming).then(
        (text) => finish(answerOf(request, incoming, text)),
        () => finish(lost()),
      );
    });
    const lost = () => lostAnswer(left || 'CONNECTION_LOST', outgoing.reusedSocket);
    const leave = (reason: string) => () => {
      left = reason;
      outgoing.destroy();
    };
    const timers = [setTimeout(leave('NO_ANSWER'), manner.deadlineMs + LISTEN_ON_MS)];
    if (manner.abandonMs !== undefined) timers.push(setTimeout(leave('ABANDONED'), manner.abandonMs));
    const finish = (answer: Answer) => {
      for (const timer of timers) clearTimeout(timer);
      resolve(answer);
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return finish(notSent);
      finish(lost());
    });
    outgoing.end(body);
  });
}

function wordsOf({ operation, user, lines, orderId, sku }: Request) {
  if (operation === 'get') return { method: 'GET', path: `/order/info/${orderId}` };
  if (operation === 'stock') return { method: 'GET', path: `/stock/info/${sku}` };
  const body = JSON.stringify(operation === 'create' ? { user, items: lines } : { orderID: orderId });
  return { method: 'POST', path: `/order/${operation}`, body };
}

async function read(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return text;
}

function answerOf({ operation }: Request, { statusCode, headers }: IncomingMessage, text: string): Answer {
  // The numbers of a run are small, so that JSON.parse keeps them.
  const body = parse(text);
  if (body === undefined) return { outcome: 'unknown', reason: `HTTP_${statusCode}` };
  const replayed = headers['idempotency-replayed'] === 'true' ? { replayed: true } : {};
  if (statusCode !== 200) {
    const details: Record<string, unknown>[] = Array.isArray(body.details) ? body.details : [];
    const info = details.find((detail) => typeof detail.reason === 'string');
    if (info === undefined) return { outcome: 'unknown', reason: `HTTP_${statusCode}` };
    const { reason, metadata = {} } = info as { reason: string; metadata?: Record<string, string> };
    return { ...refusalAnswer({ reason, metadata, short: shortOf(details) }), ...replayed };
  }
  if (operation === 'create') return { outcome: 'ok', answeredId: Number(body.orderID), ...replayed };
  if (operation === 'get') return readAnswer(body as unknown as Parameters<typeof readAnswer>[0]);
  return operation === 'stock' ? { outcome: 'ok', count: Number(body.count) } : { outcome: 'ok' };
}

function shortOf(details: readonly Record<string, unknown>[]): ToldShort | undefined {
  const found = details.find((detail) => detail.shortages !== undefined);
  if (found === undefined) return undefined;
  return { orderId: found.orderID as number, shortages: found.shortages as ToldShort['shortages'] };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
