/** A collector of spans, as far as OTLP/HTTP in JSON asks for it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A span as it arrives, in part. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events: readonly { readonly name: string }[];
}

export interface Collector {
  readonly endpoint: string;
  /** All that have arrived, in order. */
  readonly spans: readonly Span[];
  /** How many exports have arrived. */
  readonly exports: number;
}

/**
 * Opens a collector, until the test has finished.
 *
 * @param status which it answers; that of an error keeps no spans.
 */
export async function openCollector(status = 200): Promise<Collector> {
  const spans: Span[] = [];
  let exports = 0;
  const server = createServer(async (incoming, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    exports++;
    const isKnown = incoming.method === 'POST' && incoming.url === '/v1/traces';
    if (isKnown && status === 200) {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
    }
    reply.writeHead(isKnown ? status : 404, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    get exports() {
      return exports;
    },
  };
}
