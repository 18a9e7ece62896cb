/**
 * The Swagger page as a person uses it, in headless Chromium.
 *
 * LOMS_URL        the running service; without it, one over Loms in memory is started
 * CHROMIUM_PATH   the browser, /usr/bin/chromium by default
 * SCREENSHOT      where to write a picture of the page with an order created (docs/images/swagger.png)
 */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { silent, testApp } from '../http-app.ts';

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

let own: HttpServer | undefined;
let browser: Browser;
let page: Page;
let url: string;
let requested: string[];
let complaints: string[];

beforeAll(async () => {
  if (!process.env.LOMS_URL) {
    own = await startHttpServer(testApp({ now: Date.now }), { host: '127.0.0.1', port: 0, logger: silent });
  }
  url = process.env.LOMS_URL || `http://127.0.0.1:${own?.port}`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // No other name resolves, so that a request to it fails, and is seen, on any machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await own?.stop(1_000);
});

beforeEach(async () => {
  requested = [];
  complaints = [];
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('request', (request) => requested.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/docs`);
  await page.locator('#operations-order-createOrder').waitFor();
});

/** Opens an operation and sends its example, or what `fill` makes of it, by "Try it out". */
async function tryOut(operationId: string, fill: () => Promise<void> = async () => {}): Promise<string> {
  const operation = page.locator(`#operations-order-${operationId}`);
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await fill();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const live = operation.locator('.live-responses-table');
  await live.waitFor();
  expect(await live.locator('.response-col_status').last().textContent()).toMatch(/^200/);
  return (await live.locator('.response-col_description').last().textContent()) ?? '';
}

function expectNothingLeftThisMachine(): void {
  const remote = requested.filter((address) => {
    const { protocol, hostname } = new URL(address);
    return protocol !== 'data:' && protocol !== 'blob:' && !loopback.has(hostname);
  });
  expect(remote).toEqual([]);
}

describe('Swagger UI in a browser', () => {
  test('creates an order by "Try it out", and nothing leaves this machine', async () => {
    const answer = await tryOut('createOrder');
    expect(answer).toMatch(/"orderID": \d+/);
    expect(requested).toContain(`${url}/order/create`);
    expectNothingLeftThisMachine();
    expect(complaints).toEqual([]);
    await takePicture(process.env.SCREENSHOT);
  });

  test('sends and shows a user above 2^53 digit for digit', async () => {
    const body = '{"user": 9007199254740993, "items": [{"sku": 1625903, "count": 1}]}';
    const created = await tryOut('createOrder', () =>
      page.locator('#operations-order-createOrder textarea').fill(body),
    );
    const orderId = /"orderID": (\d+)/.exec(created)?.[1] ?? '';
    const order = await tryOut('getOrder', () =>
      page.locator('#operations-order-getOrder input').fill(orderId),
    );
    expect(order).toContain('"user": 9007199254740993');
    expectNothingLeftThisMachine();
    expect(complaints).toEqual([]);
  });
});

/** The page from its top to the answer, without the list of other answers that follows. */
async function takePicture(path: string | undefined): Promise<void> {
  if (!path) return;
  const answer = await page.locator('.live-responses-table').boundingBox();
  const scrolled = await page.evaluate('window.scrollY');
  const height = Math.ceil((answer?.y ?? 0) + (answer?.height ?? 0) + Number(scrolled)) + 20;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: 1280, height } });
}
