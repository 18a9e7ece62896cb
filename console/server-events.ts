/** Server-sent events by `fetch`, which, unlike `EventSource`, can send a token. */

export interface ServerEvent {
  /** `message` where the event has no name. */
  readonly name: string;
  /** Empty where the event has none. */
  readonly id: string;
  readonly data: string;
}

/** Reads the events of a response until it ends. An event without data has an id only. */
export async function* readServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
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
