/**
 * Checks whether the service on this machine is ready, and exits with 0 if so: the image's health check.
 *
 *     node dist/cli/probe.js
 *
 * It reads the service's own configuration, and asks the port of the probes where there is one. Otherwise it
 * asks the REST port. Under TLS it then does not verify the certificate, which need not be made out to this
 * address; under mutual TLS it presents the service's certificate as its own, so the authority for clients
 * must have signed that one too.
 */
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Config, readConfig } from '../config/config.ts';

const TIMEOUT_MS = 4_000;

function probe({ http, probes, tls: certificates }: Config): Promise<boolean> {
  const tls = probes ? undefined : certificates;
  const { host, port } = probes ?? http;
  const target = {
    host: reachable(host),
    port,
    path: '/readyz',
    timeout: TIMEOUT_MS,
    agent: false,
  };
  const own = tls?.clientCa ? { cert: readFileSync(tls.cert), key: readFileSync(tls.key) } : {};
  const request = tls ? requestHttps({ ...target, ...own, rejectUnauthorized: false }) : requestHttp(target);
  return new Promise((resolve) => {
    request.on('response', (response) => resolve(response.statusCode === 200));
    request.on('error', () => resolve(false));
    request.on('timeout', () => resolve(false));
    request.end();
  });
}

/** An address that stands for all addresses of this machine can be listened on, but not connected to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

process.exit((await probe(readConfig(process.env))) ? 0 : 1);
