/** The console of a service that hangs, fails or restarts: what it shows meanwhile, and that it recovers. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Samples } from '../../src/telemetry/samples.ts';
import { CONSOLE_FOLDER } from '../../src/transport/http/console.ts';
import { type HttpServer, startHttpServer } from '../../src/transport/http/server.ts';
import { silent, testApp } from '../support/http-app.ts';
import { launchBrowser, openPage } from './page.ts';

/** Samples are added by the tests: without them the service seems to hang. */
const samples = new Samples(['orders.created']);
let server: HttpServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const app = testApp({ now: () => performance.now(), console: { folder: CONSOLE_FOLDER, samples } });
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  samples.stop();
  await server?.stop(1_000);
});

beforeEach(async () => {
  await page?.close();
  ({ page } = await openPage(browser));
  // The time of the page moves by itself, and as far as a test says.
  await page.clock.install();
});

const open = (path: string) => page.goto(`http://127.0.0.1:${server.port}/console/#/${path}`);
const state = () => page.locator('.dot').getAttribute('title');
const alerts = () => page.getByRole('alert').allTextContents();

test('a service that sends no sample for five seconds is lost, until it sends one', async () => {
  await open('now');
  await expect.poll(state).toBe('admitted');
  await page.clock.runFor(6_000);
  await expect.poll(state).toBe('lost');
  await page.getByText('it shows old values').waitFor();
  expect(await alerts()).toEqual([expect.stringContaining('nothing has arrived for 5 seconds')]);
  await page.clock.runFor(1_000);
  samples.add(Date.now(), [0]);
  await expect.poll(state).toBe('admitted');
  expect(await alerts()).toEqual([]);
});

test('a request that is not answered ends', async () => {
  await page.route('**/stock/list*', () => {});
  const asked = page.waitForRequest('**/stock/list*');
  await open('stock');
  await asked;
  await page.clock.runFor(31_000);
  await expect.poll(alerts).toContainEqual(expect.stringContaining('nothing has arrived for 30 seconds'));
});

test('a silent stream of events is opened again', async () => {
  let streams = 0;
  await page.route('**/event/stream*', () => void streams++);
  await open('events');
  await expect.poll(() => streams).toBe(1);
  await page.clock.runFor(31_000);
  await expect.poll(alerts).toContainEqual(expect.stringContaining('nothing has arrived for 30 seconds'));
  await page.clock.runFor(1_000);
  await expect.poll(() => streams).toBe(2);
});

test('an error that a stream ends with is shown with its reason and request', async () => {
  const error = {
    code: 14,
    message: 'the service is shutting down',
    details: [{ reason: 'SHUTTING_DOWN' }, { requestId: '0af7651916cd43dd8448eb211c80319c' }],
  };
  const body = `event: error\ndata: ${JSON.stringify(error)}\n\n`;
  await page.route('**/event/stream*', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
  await open('events');
  const shown = 'SHUTTING_DOWN the service is shutting downrequest 0af7651916cd43dd8448eb211c80319c';
  await expect.poll(alerts).toEqual([shown]);
});
