/** Server-sent events by `fetch`, which, unlike `EventSource`, can send a token. */
import { type ApiRequest, send } from './api.ts';
import { ApiError, failureOf, readError } from './api-error.ts';
import { Silence } from './silence.ts';

export interface ServerEvent {
  /** `message` where the event has no name. */
  readonly name: string;
  /** Empty where the event has none. */
  readonly id: string;
  readonly data: string;
}

/**
 * Opens a stream, and reads it until it ends.
 *
 * @throws ApiError, also for the error that a stream ends with.
 */
export async function* openServerEvents(
  path: string,
  request: ApiRequest & { readonly silenceMs: number },
): AsyncGenerator<ServerEvent> {
  const silence = new Silence(request.silenceMs, request.signal);
  const { signal } = silence;
  try {
    const { body } = await send(path, { ...request, signal });
    if (body === null) return;
    for await (const event of readServerEvents(body, () => silence.restart())) {
      if (event.name === 'error') throw readError(event.data, new ApiError(0, 'STREAM_ENDED', '', ''));
      yield event;
    }
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    silence.stop();
  }
}

/**
 * Reads the events of a response until it ends. An event without data has an id only.
 *
 * @param onArrival is called for each piece, however short.
 */
export async function* readServerEvents(
  body: ReadableStream<Uint8Array>,
  onArrival = () => {},
): AsyncGenerator<ServerEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onArrival();
      text += value;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) yield parseServerEvent(part);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Parses one event: lines of `field: value`. */
export function parseServerEvent(part: string): ServerEvent {
  let [name, id] = ['message', ''];
  const data: string[] = [];
  for (const line of part.split('\n')) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).replace(/^ /, '');
    const field = line.slice(0, colon);
    if (field === 'event') name = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data.push(value);
  }
  return { name, id, data: data.join('\n') };
}
