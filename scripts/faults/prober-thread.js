// @ts-check
/**
 * The thread that probes a service. Each probe is a new connection, as those of orchestrators are.
 * JavaScript, because a thread starts from a file, and Node.js runs the sources in a thread only so.
 *
 * @import { Probe } from './history.ts'
 * @import { ProberThreadData } from './prober.ts'
 */
import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {ProberThreadData} */
const { url, intervalMs, limitMs } = workerData;

/** @returns {Promise<Omit<Probe, 'atMs'>>} */
function probe() {
  const startMs = performance.now();
  return new Promise((resolve) => {
    /** @type {(status: number | undefined) => void} */
    const settle = (status) => resolve({ tookMs: performance.now() - startMs, status });
    const request = get(url, { agent: false, signal: AbortSignal.timeout(limitMs) }, (response) => {
      response.resume().once('end', () => settle(response.statusCode));
    });
    request.once('error', () => settle(undefined));
  });
}

for (;;) {
  parentPort?.postMessage(await probe());
  await setTimeout(intervalMs);
}
