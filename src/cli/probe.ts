/**
 * Asks the service on this machine whether it is ready, and exits with 0 if so: the image's health check.
 *
 *     node dist/cli/probe.js
 *
 * It reads the service's own configuration. Under TLS it does not check the certificate, which need not be made out
 * to this address; under mutual TLS it shows the service's certificate as its own, so that has to be one which the
 * authority for clients has signed too.
 */
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Config, readConfig } from '../config/config.ts';

const TIMEOUT_MS = 4_000;

function probe(config: Config): Promise<boolean> {
  const { HTTP_HOST: host, HTTP_PORT: port, TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = config;
  const ask = { host: reachable(host), port, path: '/readyz', timeout: TIMEOUT_MS, agent: false };
  const mutual = config.TLS_CLIENT_CA_FILE !== undefined;
  const own = mutual && cert && key ? { cert: readFileSync(cert), key: readFileSync(key) } : {};
  const request = cert ? requestHttps({ ...ask, ...own, rejectUnauthorized: false }) : requestHttp(ask);
  return new Promise((resolve) => {
    request.on('response', (response) => resolve(response.statusCode === 200));
    request.on('error', () => resolve(false));
    request.on('timeout', () => resolve(false));
    request.end();
  });
}

/** An address that means "all of this machine" is listened on, but not spoken to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

process.exit((await probe(readConfig(process.env))) ? 0 : 1);
