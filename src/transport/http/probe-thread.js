// @ts-check
/**
 * The thread of the probe port: it serves `/livez` and `/readyz` from the last report of the main thread.
 * JavaScript, because a thread starts from a file, and Node.js runs the sources in a thread only so.
 *
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { AddressInfo } from 'node:net'
 * @import { ProbeReport, ProbeThreadData, ProbeThreadMessage } from './probe-port.ts'
 */
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** Probes are few and small; what is more than that is closed. */
const CONNECTIONS_MAX = 256;
const TIMEOUT_MS = 5_000;
const HEAD_MAX_BYTES = 8 * 1024;

/** @type {ProbeThreadData} */
const { host, port, livenessTimeoutMs, headers } = workerData;

/** @type {ProbeReport} */
let report = { ready: false, body: '{"ready":false,"details":{"starting":true}}' };
let reportedAtMs = performance.now();

/** @type {(path: string | undefined) => [status: number, body: string]} */
function answer(path) {
  const ageMs = Math.round(performance.now() - reportedAtMs);
  const alive = ageMs < livenessTimeoutMs;
  if (path === '/livez') return [alive ? 200 : 503, `{"alive":${alive},"ageMs":${ageMs}}`];
  if (path !== '/readyz') return [404, '{}'];
  return [alive && report.ready ? 200 : 503, `${report.body.slice(0, -1)},"ageMs":${ageMs}}`];
}

/** @type {(incoming: IncomingMessage, outgoing: ServerResponse) => void} */
function serve({ method, url = '' }, outgoing) {
  const isRead = method === 'GET' || method === 'HEAD';
  const [status, body] = isRead ? answer(url.split('?')[0]) : [405, '{}'];
  outgoing.writeHead(status, headers).end(method === 'HEAD' ? undefined : body);
}

/** @type {(message: ProbeThreadMessage) => void} */
const send = (message) => parentPort?.postMessage(message);

const limits = {
  headersTimeout: TIMEOUT_MS,
  requestTimeout: TIMEOUT_MS,
  keepAliveTimeout: TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_MS,
  maxHeaderSize: HEAD_MAX_BYTES,
};
const server = createServer(limits, serve);
server.maxConnections = CONNECTIONS_MAX;
server.on('error', (error) => {
  send({ error: 'code' in error && error.code === 'EADDRINUSE' ? 'the port is in use' : error.message });
});
server.listen({ host, port }, () => {
  const { port } = /** @type {AddressInfo} */ (server.address());
  send({ port });
});
parentPort?.on('message', (next) => {
  report = next;
  reportedAtMs = performance.now();
});
