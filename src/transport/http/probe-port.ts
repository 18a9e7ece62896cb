/**
 * The probes on a port of their own. A worker thread serves them, so that they are answered while the event
 * loop of the service is busy: it knows the service by the reports that the main thread sends it.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Exposition, Metrics } from '../../telemetry/metrics.ts';
import type { Readiness } from '../readiness.ts';
import { jsonHeaders } from './errors.ts';
import { stringifyJson } from './json.ts';

export interface ProbePortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** After this time without a report `/livez` fails, in milliseconds. */
  readonly livenessTimeoutMs: number;
  readonly metrics: Pick<Metrics, 'render'>;
  readonly logger: Logger;
}

export interface ProbePort {
  readonly port: number;
  /** What is reported; until it is set, that the service starts. */
  source: () => Readiness;
  /** Reports the present state. To be called every second or so: it is the sign of life. */
  report(): void;
  stop(): Promise<void>;
}

/** What the thread is started with. */
export interface ProbeThreadData {
  readonly host: string;
  readonly port: number;
  readonly livenessTimeoutMs: number;
  /** The headers of every reply. */
  readonly headers: Record<string, string>;
}

/** What the thread sends: once where it listens, or why it does not; then what it asks for. */
export type ProbeThreadMessage =
  | { readonly port: number }
  | { readonly error: string }
  /** Metrics are asked for, in one of the media types that the scraper accepts. */
  | { readonly scrape: number; readonly accept: string };

/** What the thread is sent: the state of the service, also as JSON; or the metrics that it asked for. */
export type ProbeReport =
  | { readonly ready: boolean; readonly body: string }
  | ({ readonly scraped: number } & Exposition);

const starting: Readiness = { ready: false, details: { starting: true } };

/** The thread serves a few small replies, whatever the sizes of the main thread's heap. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

const thread = new URL('./probe-thread.js', import.meta.url);

/**
 * Starts to listen.
 *
 * @throws when the address cannot be listened on.
 */
export async function startProbePort(options: ProbePortOptions): Promise<ProbePort> {
  const { host, port, livenessTimeoutMs, metrics, logger } = options;
  const workerData: ProbeThreadData = { host, port, livenessTimeoutMs, headers: jsonHeaders };
  const worker = new Worker(thread, { workerData, resourceLimits: HEAP_LIMITS });
  const [first] = (await once(worker, 'message')) as [ProbeThreadMessage];
  if (!('port' in first)) {
    await worker.terminate();
    throw new Error(
      `PROBE_PORT cannot be listened on at ${host}:${port}: ${'error' in first ? first.error : ''}`,
    );
  }
  // Without its thread the probes fail, and whatever watches them restarts the service.
  worker.on('error', (error) => logger.error({ err: error }, 'the thread of the probes ended'));
  worker.on('message', (message: ProbeThreadMessage) => {
    if (!('scrape' in message)) return;
    const answer = (exposition: Exposition) =>
      worker.postMessage({ scraped: message.scrape, ...exposition } satisfies ProbeReport);
    // The thread answers 503 where nothing comes.
    metrics.render(message.accept).then(answer, (err) => logger.error({ err }, 'metrics failed'));
  });
  worker.unref();
  const probes: ProbePort = {
    port: first.port,
    source: () => starting,
    report() {
      const { ready, details } = probes.source();
      worker.postMessage({ ready, body: stringifyJson({ ready, details }) } satisfies ProbeReport);
    },
    async stop() {
      await worker.terminate();
    },
  };
  return probes;
}
