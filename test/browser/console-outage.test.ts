/** The console of a service that hangs, fails or restarts: what it shows meanwhile, and that it recovers. */
import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { useConsole } from './console-server.ts';

// Without samples the service seems to hang.
const { openPage, urlOf } = useConsole();
let page: Page;

beforeEach(async () => {
  await page?.close();
  ({ page } = await openPage());
  // The time of the page moves by itself, and as far as a test moves it.
  await page.clock.install();
});

const open = (path: string) => page.goto(urlOf(path));
const state = () => page.locator('.dot').getAttribute('title');
const alerts = () => page.getByRole('alert').allTextContents();

/** Lets five seconds pass without a sample, also on the next stream. Returns a function that ends this. */
async function hang(): Promise<() => Promise<void>> {
  await expect.poll(state).toBe('admitted');
  await page.route('**/console/samples', () => {});
  await page.clock.runFor(6_000);
  await expect.poll(state).toBe('lost');
  return async () => {
    await page.unroute('**/console/samples');
    await page.clock.runFor(6_000);
    await expect.poll(state).toBe('admitted');
  };
}

test('a service that sends no sample for five seconds is lost, until it is back', async () => {
  await open('now');
  const end = await hang();
  expect(await page.locator('.tiles').textContent()).toContain('Primary–');
  await page.getByText('it shows old values').waitFor();
  expect(await alerts()).toEqual([expect.stringContaining('nothing has arrived for 5 seconds')]);
  await end();
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

test.each([
  ['stock', '**/stock/list*', { stocks: [{ sku: 7, total: 1, reserved: 0, count: 1 }] }],
  ['orders', '**/order/list*', { orders: [{ orderID: 7, user: 1, status: 'payed', items: [] }] }],
])(
  'a list of %s that failed is loaded when the service is back, and at its button',
  async (path, url, json) => {
    let isDown = true;
    await page.route(url, (route) => (isDown ? route.abort() : route.fulfill({ json })));
    await open(path);
    await expect.poll(alerts).toEqual([expect.stringContaining('NOT_REACHED')]);
    const end = await hang();
    isDown = false;
    await end();
    const listed = page.getByRole('link', { name: '7', exact: true });
    await listed.waitFor();
    expect(await alerts()).toEqual([]);
    isDown = true;
    await page.getByRole('button', { name: 'Reload' }).click();
    await expect.poll(alerts).toEqual([expect.stringContaining('NOT_REACHED')]);
    expect(await listed.count()).toBe(1);
  },
);

test('a timeline that failed is loaded at its button', async () => {
  const order = { user: 1, status: 'payed', items: [], createdAt: '2026-11-26T12:00:00Z' };
  await page.route('**/order/info/7', (route) => route.fulfill({ json: order }));
  let isDown = true;
  const event = { id: 'order/7/2', type: 'loms.order.payed.v1', time: order.createdAt, data: order };
  const json = { events: [event], nextPageToken: 'a' };
  await page.route('**/event/list*', (route) => (isDown ? route.abort() : route.fulfill({ json })));
  await open('orders?id=7');
  await expect.poll(alerts).toEqual([expect.stringContaining('NOT_REACHED')]);
  isDown = false;
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.locator('.timeline').getByText('payed').waitFor();
  expect(await alerts()).toEqual([]);
});

test('the readiness is not shown while it cannot be read, nor the certificate before a sample', async () => {
  await open('health');
  const facts = page.locator('.facts').first();
  await expect.poll(() => facts.textContent()).toMatch(/Readyyes.*Certificatenot known/);
  await page.route('**/readyz', (route) => route.abort());
  await page.clock.runFor(2_000);
  await expect.poll(alerts).toContainEqual(expect.stringContaining('NOT_REACHED'));
  expect(await page.getByText('Ready').count()).toBe(0);
});

test('samples of the past do not set the clock back', async () => {
  const head = { version: '1', columns: [], caller: '', scopes: ['orders:read'] };
  const past = [3_600_000, 3_599_000].map((agoMs) => [Date.now() - agoMs]);
  const body = `event: head\ndata: ${JSON.stringify(head)}\n\ndata: ${JSON.stringify(past)}\n\n`;
  await page.route('**/console/samples', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body }),
  );
  const expiresAt = new Date(Date.now() + 600_000).toISOString();
  const json = { user: 1, status: 'awaiting payment', items: [], expiresAt };
  await page.route('**/order/info/7', (route) => route.fulfill({ json }));
  await open('orders?id=7');
  await expect.poll(state).toBe('lost');
  await expect.poll(() => page.locator('.facts').textContent()).toMatch(/Ends in(9|10) min/);
});
