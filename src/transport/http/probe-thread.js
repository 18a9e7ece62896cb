// @ts-check
/**
 * The thread of the probe port: it serves `/livez` and `/readyz` from the last report of the main thread, and
 * `/metrics` by asking it.
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

/** The most scrapes at once, and how long one waits for the main thread at most: less than scrapers wait. */
const SCRAPES_MAX = 8;
const SCRAPE_TIMEOUT_MAX_MS = 5_000;

/** @type {ProbeThreadData} */
const { host, port, livenessTimeoutMs, headers } = workerData;

/** @type {Extract<ProbeReport, { ready: boolean }>} */
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

/**
 * Scrapes that wait for the main thread.
 *
 * @type {Map<number, ServerResponse>}
 */
const scrapes = new Map();
let lastScrape = 0;

/** @type {(incoming: IncomingMessage, outgoing: ServerResponse) => void} */
function scrape({ headers: { accept = '' } }, outgoing) {
  const id = ++lastScrape;
  const fail = () => {
    if (scrapes.delete(id) || !outgoing.headersSent) outgoing.writeHead(503, headers).end('{}');
  };
  if (scrapes.size === SCRAPES_MAX) return fail();
  scrapes.set(id, outgoing);
  const timer = setTimeout(fail, Math.min(livenessTimeoutMs, SCRAPE_TIMEOUT_MAX_MS));
  outgoing.on('close', () => {
    scrapes.delete(id);
    clearTimeout(timer);
  });
  send({ scrape: id, accept });
}

/** @type {(report: Extract<ProbeReport, { scraped: number }>) => void} */
function endScrape({ scraped, contentType, body }) {
  const outgoing = scrapes.get(scraped);
  scrapes.delete(scraped);
  outgoing?.writeHead(200, { ...headers, 'content-type': contentType }).end(body);
}

/** @type {(incoming: IncomingMessage, outgoing: ServerResponse) => void} */
function serve(incoming, outgoing) {
  const { method, url = '' } = incoming;
  const isRead = method === 'GET' || method === 'HEAD';
  const [path] = url.split('?');
  if (isRead && path === '/metrics') return scrape(incoming, outgoing);
  const [status, body] = isRead ? answer(path) : [405, '{}'];
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
parentPort?.on('message', (/** @type {ProbeReport} */ next) => {
  if ('scraped' in next) return endScrape(next);
  report = next;
  reportedAtMs = performance.now();
});
