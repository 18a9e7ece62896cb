/**
 * The console: a page for operators, and the stream of samples behind its charts. Everything else on the page
 * uses the operations that all callers have. The page itself holds no data and is served to everybody.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Identity } from '../../domain/access.ts';
import { ANONYMOUS } from '../../domain/call.ts';
import type { EventStream } from '../../domain/events/watch.ts';
import { scopes } from '../../domain/operations.ts';
import { accepted, type Outcome, refused } from '../../domain/outcome.ts';
import { fixedRefusals, scopeMissing } from '../../domain/refusals.ts';
import type { Samples } from '../../telemetry/samples.ts';
import { version } from '../../telemetry/version.ts';
import type { Clock } from '../../timing/clock.ts';
import type { TransportContext } from '../operation.ts';
import { malformedRequest } from '../refusals.ts';
import { pump } from '../stream.ts';
import { requestIdOf, TRACEPARENT } from '../traceparent.ts';
import { isIncomplete } from './connection.ts';
import { errorResponse } from './errors.ts';
import { openSink, streamHeaders } from './server-events.ts';
import { pagePolicy, staticFile } from './static-file.ts';

export interface ConsoleOptions {
  /** Where its built files are. */
  readonly folder: string;
  readonly samples: Samples;
}

/** The built files, in the folder of `src` and `dist` alike. */
export const CONSOLE_FOLDER = join(import.meta.dirname, '../../../build/console');

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Adds `/console/`, its files, and `/console/samples`. Without its built files it adds nothing, and logs it.
 *
 * @throws when the folder holds a file of an unknown type.
 */
export function addConsole(app: OpenAPIHono, options: ConsoleOptions, context: TransportContext): void {
  const { folder, samples } = options;
  if (!existsSync(join(folder, 'index.html'))) {
    context.logger.warn('the console is not served: it is not built');
    return;
  }
  // Relative, so that the page is found behind a path prefix too.
  app.get('/console', (c) => c.redirect('console/'));
  app.get('/console/', builtFile(join(folder, 'index.html'), 'text/html; charset=utf-8'));
  for (const name of readdirSync(join(folder, 'assets'))) {
    const contentType = contentTypes[extname(name)];
    if (contentType === undefined) throw new Error(`the console has a file of an unknown type: ${name}`);
    app.get(`/console/assets/${name}`, builtFile(join(folder, 'assets', name), contentType, true));
  }
  addSamples(app, samples, context);
}

function builtFile(path: string, contentType: string, isImmutable = false): (c: Context) => Response {
  const content = new Uint8Array(readFileSync(path));
  const contentSecurityPolicy = pagePolicy();
  return staticFile(content, { contentType, contentSecurityPolicy, isImmutable, isCompressed: true });
}

/** The most streams of samples at a time: one for each open page. */
export const SAMPLE_STREAMS_MAX = 32;

function addSamples(app: OpenAPIHono, samples: Samples, context: TransportContext): void {
  const { deadlines } = context;
  let open = 0;
  app.get('/console/samples', async (c) => {
    const reply = (c.env as HttpBindings | undefined)?.outgoing as ServerResponse | undefined;
    const requestId = requestIdOf(c.req.header(TRACEPARENT));
    const caller = await admitViewer(c, context);
    if (!caller.ok) return errorResponse(caller.refusal, requestId);
    if (c.req.method === 'HEAD') return new Response(null, { headers: streamHeaders(requestId) });
    if (reply === undefined || isIncomplete(reply.req)) return errorResponse(malformedRequest, requestId);
    if (open >= SAMPLE_STREAMS_MAX) return errorResponse(fixedRefusals.queueFull, requestId);
    open++;
    const onClose = () => {
      open--;
    };
    const stream = new SampleStream({ samples, caller: caller.value, now: deadlines.now, onClose });
    void pump(stream, openSink(reply, requestId), context);
    return RESPONSE_ALREADY_SENT;
  });
}

/** Where access is open. */
const anybody: Identity = {
  name: ANONYMOUS,
  scopes: new Set(scopes),
  endMs: Number.POSITIVE_INFINITY,
};

/** Samples name no order, sku or user: any scope of ours suffices. */
async function admitViewer(c: Context, { authenticate }: TransportContext): Promise<Outcome<Identity>> {
  if (authenticate === undefined) return accepted(anybody);
  const caller = await authenticate(c.req.header('authorization'));
  if (!caller.ok || scopes.some((scope) => caller.value.scopes.has(scope))) return caller;
  return refused(scopeMissing(scopes.join(' ')));
}

interface SampleStreamOptions {
  readonly samples: Samples;
  readonly caller: Identity;
  readonly now: Clock;
  readonly onClose: () => void;
}

/** The most samples of one chunk: an hour of them is not printed at once. */
const CHUNK_SAMPLES_MAX = 300;

/** First what the columns are and who looks at them, then the samples that are kept, then each new one. */
class SampleStream implements EventStream {
  readonly #options: SampleStreamOptions;
  #next: number | undefined;
  #isClosed = false;

  constructor(options: SampleStreamOptions) {
    this.#options = options;
  }

  get end() {
    const { samples, caller, now } = this.#options;
    if (samples.isStopped) return fixedRefusals.shuttingDown;
    return now() >= caller.endMs ? fixedRefusals.credentialsInvalid : undefined;
  }

  async next(): Promise<Outcome<Uint8Array> | undefined> {
    const { samples, caller } = this.#options;
    if (this.#next === undefined) {
      this.#next = samples.begin;
      const own = scopes.filter((scope) => caller.scopes.has(scope));
      const head = { version, columns: samples.columns, caller: caller.name, scopes: own };
      return accepted(Buffer.from(`event: head\ndata: ${JSON.stringify(head)}\n\n`));
    }
    while (this.#next >= samples.end && !this.#isClosed && this.end === undefined) {
      await samples.waitFor(this.#next);
    }
    if (this.#isClosed) return undefined;
    const { end } = this;
    if (end !== undefined) return refused(end);
    // A slow reader misses what is not kept any more.
    const from = Math.max(this.#next, samples.begin);
    this.#next = Math.min(from + CHUNK_SAMPLES_MAX, samples.end);
    return accepted(Buffer.from(`data: ${samples.print(from, this.#next)}\n\n`));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose();
    // Whatever waits for a sample of a closed stream must not wait until the next one.
    this.#options.samples.wake();
  }
}
