/** The REST client, on Node's own HTTP client: a connection for each call under way, kept for later calls. */
import { Agent, type IncomingMessage, type RequestOptions, request as send } from 'node:http';
import { parse, stringify } from 'lossless-json';
import {
  type Answer,
  type CallerHeaders,
  type CallOptions,
  type Client,
  type Failure,
  NoAnswer,
  type Operation,
  operations,
  type Request,
  replayMark,
} from './client.ts';
import { withoutRequestInfo } from './status.ts';

/** Opens a client for a port of this machine. */
export function restClient(port: number, headers: CallerHeaders = {}): Client {
  const agent = new Agent({ keepAlive: true, host: '127.0.0.1', port });
  return {
    transport: 'REST',
    async call<Name extends Operation>(operation: Name, request: Request<Name>, options: CallOptions = {}) {
      const { method, path, body } = encode(operation, request);
      const allHeaders = { ...headers, ...headersOf(body, options) };
      const target = { agent, host: '127.0.0.1', port, method, path, headers: allHeaders };
      return (await exchange(target, body, options.disconnectAfterMs)) as Answer<Name>;
    },
    close: () => agent.destroy(),
  };
}

function encode<Name extends Operation>(operation: Name, request: Request<Name>) {
  const { rest } = operations[operation];
  if ('post' in rest) return { method: 'POST', path: rest.post, body: stringify(request) };
  const path = rest.get as (request: Request<Name>) => string;
  return { method: 'GET', path: path(request), body: undefined };
}

function headersOf(body: string | undefined, { keys = [], timeoutMs }: CallOptions) {
  return {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(keys.length === 0 ? {} : { 'idempotency-key': [...keys] }),
    ...(timeoutMs === undefined ? {} : { 'request-timeout': String(timeoutMs / 1_000) }),
  };
}

/** Sends a request and reads its response. */
async function exchange(
  target: RequestOptions,
  body: string | undefined,
  disconnectAfterMs: number | undefined,
): Promise<Answer> {
  const outgoing = send(target);
  let isDisconnected = false;
  const disconnect = () => {
    isDisconnected = true;
    outgoing.destroy();
  };
  const timer = disconnectAfterMs === undefined ? undefined : setTimeout(disconnect, disconnectAfterMs);
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject).on('close', reject);
      outgoing.end(body);
    });
    return answerOf(incoming, await textOf(incoming));
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    const isRefused = (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
    if (isRefused) throw new NoAnswer('NOT_SENT', { cause: error });
    const reason = isDisconnected ? 'DISCONNECTED' : 'CONNECTION_LOST';
    throw new NoAnswer(reason, { onOpenConnection: outgoing.reusedSocket, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return text;
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, text: string): Answer {
  const mark = replayMark(headers['idempotency-replayed']);
  const body = parseJson(text);
  if (statusCode === 200 && body !== undefined) return { reply: body, ...mark };
  if (statusCode !== 200 && isFailure(body)) {
    const details = withoutRequestInfo(body.details, '@type', headers.traceparent);
    return { error: { ...body, details }, http: statusCode, ...mark };
  }
  throw new NoAnswer(`HTTP_${statusCode}`, { text });
}

function parseJson(text: string): object | undefined {
  try {
    return parse(text, undefined, BigInt) as object;
  } catch {
    return undefined;
  }
}

function isFailure(body: object | undefined): body is Failure {
  return body !== undefined && 'details' in body && Array.isArray(body.details);
}
