/**
 * The console in headless Chromium, against a running service under some load: each page as it is looked at,
 * and every action done once.
 *
 * LOMS_URL        a running service; by default the built service is started
 * CHROMIUM_PATH   the browser; by default /usr/bin/chromium
 * PICTURES        the folder for a picture of each page; without it none is taken
 */
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createOrder, isTooWide, pages, send, seriousFaults, startLoad, views } from './console-page.ts';
import { launchBrowser, type ObservedPage, openPage } from './page.ts';

const url = inject('serviceUrl');
const SKU = '1625903';
/** Above 2^53: a double would show other digits. */
const USER = '9007199254740993';

let browser: Browser;
let endLoad: () => Promise<void>;
let observed: ObservedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  endLoad = startLoad(url, [SKU, '139275865', '4294967295']);
});

afterAll(async () => {
  await endLoad?.();
  await browser?.close();
});

async function open(path: string): Promise<void> {
  observed = await openPage(browser, views.light);
  page = observed.page;
  await page.goto(`${url}/console/#/${path}`);
}

/** Nothing leaves the service's origin, and nothing goes wrong in the page. */
afterEach(async () => {
  expect(observed.requested.filter((address) => new URL(address).origin !== url)).toEqual([]);
  expect(observed.consoleErrors).toEqual([]);
  await page.close();
});

/** Where each page is opened, and what it shows when it is complete. */
const places: Readonly<Record<(typeof pages)[number], readonly [path: string, text: RegExp]>> = {
  now: ['now', /Orders a second/],
  stock: [`stock?sku=${SKU}`, /Latest movements/],
  orders: ['orders', /Older orders/],
  events: ['events', /order\.created/],
  health: ['health', /Database nodes/],
};

test.each(pages)(
  'the page %s is complete, fits, and can be used by everybody, in each view',
  async (name) => {
    const [path, text] = places[name];
    await open(path);
    await page.getByText(text).first().waitFor();
    if (name === 'now') await page.locator('.u-over').first().waitFor();
    for (const [view, { colorScheme, viewport }] of Object.entries(views)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await expect.poll(() => isTooWide(page)).toBe(false);
      // The phone has the same content.
      if (view !== 'phone') expect(await seriousFaults(page)).toEqual([]);
      const { PICTURES } = process.env;
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `console-${name}-${view}.png`) });
    }
  },
);

/** Forgets what the browser logs of refusals by itself: at least one is expected. */
function dropRefusals(status: number): void {
  const others = observed.consoleErrors.filter((line) => !line.includes(`a status of ${status}`));
  expect(observed.consoleErrors.length).toBeGreaterThan(others.length);
  observed.consoleErrors.splice(0, Number.POSITIVE_INFINITY, ...others);
}

const dialog = () => page.getByRole('dialog');
const button = (name: string | RegExp) => page.getByRole('button', { name });
const cell = (text: string) => page.getByRole('cell', { name: text });
/** A text without the spaces in its numbers. */
const digits = async (of: Locator) => ((await of.textContent()) ?? '').replaceAll('\u202f', '');

describe('stock', () => {
  beforeEach(async () => {
    await send(
      url,
      '/stock/adjust',
      `{"changes":[{"sku":77,"change":100,"reason":"received"}]}`,
      'console-77',
    );
  });

  test('an adjustment shows before and after, and is sent with a key', async () => {
    await open('stock');
    await page.getByLabel('sku').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(String(1_000_000_000 + Math.floor(Math.random() * 1_000_000_000)));
    await page.keyboard.press('Enter');
    await button('Adjust…').click();
    await dialog().getByLabel('Change of the total').fill('9007199254740993');
    await dialog().getByLabel('Note').fill('first delivery');
    await dialog().getByRole('button', { name: 'Continue' }).click();
    await expect.poll(() => dialog().textContent()).toMatch(/Total0 → 9.007.199.254.740.993/);
    expect(await seriousFaults(page)).toEqual([]);
    const sent = page.waitForRequest((request) => request.url().endsWith('/stock/adjust'));
    await dialog()
      .getByRole('button', { name: /^Change by/ })
      .click();
    expect((await sent).headers()['idempotency-key']).toMatch(/^console-[0-9a-f]{32}$/);
    expect((await sent).postData()).toContain('"change":9007199254740993,"expectedTotal":0');
    await cell('received · first delivery').waitFor();
    dropRefusals(404);
    expect(await page.getByText('9\u202f007\u202f199\u202f254\u202f740\u202f993').count()).toBeGreaterThan(0);
  });

  test('an adjustment of a stock that has changed meanwhile is refused, with its reason', async () => {
    await open('stock?sku=77');
    await button('Adjust…').click();
    await dialog().getByLabel('Change of the total').fill('-1');
    await dialog().getByRole('button', { name: 'Continue' }).click();
    const [total = ''] = /\d+(?= →)/.exec(await digits(dialog())) ?? [];
    await send(url, '/stock/count', `{"counts":[{"sku":77,"counted":${total}1,"countedAt":"${now()}"}]}`);
    const answered = page.waitForResponse((response) => response.url().endsWith('/stock/adjust'));
    await dialog()
      .getByRole('button', { name: /^Change by/ })
      .click();
    const [, traceId = ''] = (await answered).headers().traceparent?.split('-') ?? [];
    const alert = () => dialog().getByRole('alert').textContent();
    await expect.poll(alert).toContain('STOCK_CHANGED');
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(await alert()).toContain(traceId);
    // The same request could only be refused again: what was entered is confirmed for the present total.
    expect(await dialog().getByRole('button').allTextContents()).toEqual(['Back']);
    await button('Back').click();
    await expect.poll(() => digits(page.locator('.tiles'))).toContain(`Total${total}1R`);
    expect(await dialog().getByLabel('Change of the total').inputValue()).toBe('-1');
    await button('Continue').click();
    await button(/^Change by/).click();
    await expect.poll(() => dialog().count()).toBe(0);
    dropRefusals(409);
  });

  test('an adjustment whose reply was lost stays, is sent again with its key, and is done once', async () => {
    await open('stock?sku=77');
    await button('Adjust…').click();
    await dialog().getByLabel('Change of the total').fill('3');
    await dialog().getByRole('button', { name: 'Continue' }).click();
    const [, after] = /→ (\d+)/.exec(await digits(dialog())) ?? [];
    const keys: (string | undefined)[] = [];
    await page.route('**/stock/adjust', async (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      // The first one arrives, and its reply does not.
      if (keys.length > 1) return route.continue();
      await route.fetch();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      return route.abort();
    });
    await button(/^Change by/).click();
    await expect.poll(() => dialog().textContent()).toContain('The outcome may be unknown');
    await button('Try again').click();
    await expect.poll(() => dialog().count()).toBe(0);
    expect(keys).toEqual([keys[0], keys[0]]);
    const stock = JSON.parse(await (await fetch(`${url}/stock/explain/77`)).text());
    expect(String(stock.total)).toBe(after);
    expect(observed.consoleErrors.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
  });

  test('a count shows before and after, and what it did', async () => {
    await open('stock?sku=77');
    await button('Count…').click();
    await dialog().getByLabel('Pieces that were counted').fill('50');
    const at = dialog().getByLabel('Counted at, by the clock of the service, in local time');
    const countedAt = (await at.getAttribute('value')) ?? '';
    expect(countedAt).toMatch(/:\d\d\.\d{3}$/);
    await dialog().getByRole('button', { name: 'Continue' }).click();
    await expect.poll(() => dialog().textContent()).toContain('→ 50');
    const sent = page.waitForRequest((request) => request.url().endsWith('/stock/count'));
    await button('Set to 50').click();
    expect((await sent).postDataJSON().counts[0].countedAt).toBe(new Date(countedAt).toISOString());
    await expect.poll(() => dialog().textContent()).toContain('Written');
    await button('Close').click();
    await page.getByRole('cell', { name: 'counted' }).first().waitFor();
  });
});

const now = () => new Date(Date.now() - 1_000).toISOString();

describe('orders', () => {
  test.each([
    ['Pay…', 'Pay', 'payed'],
    ['Cancel…', 'Cancel the order', 'cancelled'],
  ])('%s asks first, and its event appears in the timeline', async (action, verb, status) => {
    const id = await createOrder(url, USER, SKU, 2);
    await open(`orders?user=${USER}`);
    await page.getByRole('link', { name: id, exact: true }).click();
    await page.getByText(USER).first().waitFor();
    await button(action).click();
    await expect.poll(() => dialog().textContent()).toContain(`awaiting payment → ${status}`);
    await dialog().getByRole('button', { name: verb }).click();
    await page.locator('.timeline').getByText(status).waitFor();
    await expect.poll(() => page.locator('.facts').first().textContent()).toContain(status);
    expect(await button(action).count()).toBe(0);
  });

  test('what was confirmed is sent, though the order has changed behind the dialog', async () => {
    const id = await createOrder(url, USER, SKU, 1);
    await open(`orders?id=${id}`);
    await button('Pay…').click();
    await expect.poll(() => dialog().textContent()).toContain('takes 1 piece out');
    await send(url, '/order/cancel', `{"orderID":${id}}`);
    await expect.poll(() => page.locator('.facts').first().textContent()).toContain('cancelled');
    expect(await dialog().textContent()).toContain('awaiting payment → payed');
    const sent = page.waitForRequest((request) => request.url().endsWith('/order/pay'));
    await dialog().getByRole('button', { name: 'Pay' }).click();
    expect((await sent).postData()).toBe(`{"orderID":${id}}`);
    await dialog().getByText('ORDER_NOT_PAYABLE').waitFor();
    expect(await dialog().getByRole('button').allTextContents()).toEqual(['Back']);
    dropRefusals(400);
  });

  test('an extension moves the end', async () => {
    const id = await createOrder(url, USER, SKU, 1);
    await open(`orders?id=${id}`);
    await button('Extend…').click();
    await dialog().getByLabel('Reserved from now for').selectOption('3600');
    await dialog().getByRole('button', { name: 'Extend' }).click();
    await page.locator('.timeline').getByText('extended').waitFor();
    const left = /59 min|1 h 0 min/;
    await expect.poll(() => page.locator('.facts').first().textContent()).toMatch(left);
  });

  test('an extension whose event is not in the feed yet is waited for', async () => {
    const id = await createOrder(url, USER, SKU, 1);
    await open(`orders?id=${id}`);
    await page.locator('.timeline').getByText('created').waitFor();
    const held: unknown[] = [];
    await page.route('**/event/list?*', async (route) => {
      const isWait = new URL(route.request().url()).searchParams.has('wait_seconds');
      const response = await route.fetch(
        isWait ? { url: `${url}/event/list?from=beginning&order_id=${id}` } : {},
      );
      const { events, nextPageToken } = await response.json();
      const isHeld = ({ type }: { type: string }) => type === 'loms.order.extended.v1';
      const shown = events.filter((event: { type: string }) => isHeld(event) === isWait);
      if (isWait) held.push(...shown);
      await route.fulfill({ json: { events: shown, nextPageToken } });
    });
    await button('Extend…').click();
    await dialog().getByLabel('Reserved from now for').selectOption('3600');
    await dialog().getByRole('button', { name: 'Extend' }).click();
    await page.locator('.timeline').getByText('extended').waitFor();
    expect(held).toHaveLength(1);
  });
});

test.each(['orders?id', 'stock?sku'])(
  '%s of an address is no part of a path unless it is a number',
  async (at) => {
    await open(`${at}=..%2F..%2Freadyz`);
    await page.getByRole('alert').getByText('../../readyz is not an id').waitFor();
    expect(observed.requested.filter((address) => address.endsWith('/readyz'))).toEqual([]);
  },
);

test('a paused tail reads nothing, and goes on behind what it has read', async () => {
  await open('events?types=order.created');
  await cell('order.created').first().waitFor();
  expect(await page.getByRole('status').textContent()).toBe('');
  await button('Pause').click();
  await page.getByRole('status').getByText('Paused').waitFor();
  const sequences = () => page.locator('tbody td:last-child').allTextContents();
  const [newest = ''] = await sequences();
  const streams = () => observed.requested.filter((address) => address.includes('/event/stream'));
  expect(streams()).toHaveLength(1);
  await createOrder(url, USER, SKU, 1);
  await createOrder(url, USER, SKU, 1);
  expect((await sequences())[0]).toBe(newest);
  await button('Resume').click();
  await expect.poll(async () => Number((await sequences())[0])).toBeGreaterThan(Number(newest));
  expect(streams()[1]).toContain('page_token=');
  expect(await sequences()).toContain(newest);
  expect(new Set(await page.locator('tbody td:nth-child(2)').allTextContents())).toEqual(
    new Set(['order.created']),
  );
});

test('an audit runs at its button, and shows what it found', async () => {
  await open('health');
  await button('Start an audit').click();
  await page.getByText('0 faults').waitFor();
});

test('the keys 1 to 5 open the pages', async () => {
  await open('now');
  await page.locator('.u-over').first().waitFor();
  for (const [index, name] of pages.entries()) {
    await page.keyboard.press(String(index + 1));
    await expect.poll(() => page.url()).toContain(`#/${name}`);
    await expect
      .poll(() => page.locator('nav [aria-current=page]').textContent())
      .toMatch(new RegExp(name, 'i'));
  }
});
