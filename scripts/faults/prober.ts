/** Probes the service during a run, as what watches it in production does. */
import { Worker } from 'node:worker_threads';
import type { History, Probe } from './history.ts';

const INTERVAL_MS = 25;
/** An answer that takes longer is no answer. */
const LIMIT_MS = 5_000;

const thread = new URL('./prober-thread.js', import.meta.url);

/** What the thread is started with. */
export interface ProberThreadData {
  readonly url: string;
  readonly intervalMs: number;
  readonly limitMs: number;
}

/**
 * Requests `/livez` of a probe port, one probe after the other, until it is stopped. By a thread of its own:
 * the event loop of this process is busy with the callers, and would add to the time of an answer.
 */
export class Prober {
  readonly #worker: Worker;

  constructor(history: History, port: number) {
    const workerData: ProberThreadData = {
      url: `http://127.0.0.1:${port}/livez`,
      intervalMs: INTERVAL_MS,
      limitMs: LIMIT_MS,
    };
    this.#worker = new Worker(thread, { workerData, execArgv: [] });
    this.#worker.on('message', (probe: Omit<Probe, 'atMs'>) => {
      history.probes.push({ atMs: history.now() - probe.tookMs, ...probe });
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
