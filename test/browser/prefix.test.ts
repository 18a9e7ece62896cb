/** The Swagger page behind a reverse proxy that serves it under a path prefix, in headless Chromium. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchBrowser } from './page.ts';
import { openSwagger, tryOut } from './swagger-page.ts';

const PREFIX = '/loms';
let proxy: Server;
let browser: Browser;

beforeAll(async () => {
  proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    if (!path.startsWith(`${PREFIX}/`)) {
      outgoing.writeHead(404).end();
      return;
    }
    const target = new URL(path.slice(PREFIX.length), inject('serviceUrl'));
    const { method, headers } = incoming;
    const forwarded = request(target, { method, headers: { ...headers, host: target.host } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  proxy?.close();
  proxy?.closeAllConnections();
});

test('shows the operations, and "Try it out" goes through the proxy', async () => {
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PREFIX}`;
  const { page, requested, consoleErrors } = await openSwagger(browser, url);
  const { status } = await tryOut(page, 'createOrder');
  expect(status).toMatch(/^200/);
  expect(requested).toContain(`${url}/order/create`);
  expect(consoleErrors).toEqual([]);
});
