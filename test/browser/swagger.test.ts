/**
 * The Swagger page in headless Chromium, used through its controls.
 *
 * LOMS_URL        a running service; by default the built service is started
 * CHROMIUM_PATH   the browser; by default /usr/bin/chromium
 * SCREENSHOT      the file for a screenshot of the page after a create (docs/images/swagger.png)
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { launchBrowser, type ObservedPage, remote } from './page.ts';
import { openSwagger, operation, takeScreenshot, tryOut } from './swagger-page.ts';

const url = inject('serviceUrl');
let browser: Browser;
let swagger: ObservedPage;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  swagger = await openSwagger(browser, url);
});

describe('Swagger UI in a browser', () => {
  test('"Try it out" creates an order, and no request leaves this machine', async () => {
    const { page, requested, consoleErrors } = swagger;
    const { status, text } = await tryOut(page, 'createOrder');
    expect(status).toMatch(/^200/);
    expect(text).toMatch(/"orderID": \d+/);
    expect(requested).toContain(`${url}/order/create`);
    expect(remote(requested)).toEqual([]);
    expect(consoleErrors).toEqual([]);
    await takeScreenshot(page, page.locator('.live-responses-table'), process.env.SCREENSHOT);
  });

  test('a user above 2^53 is sent and shown without loss of digits', async () => {
    const { page, requested, consoleErrors } = swagger;
    const body = '{"user": 9007199254740993, "items": [{"sku": 1625903, "count": 1}]}';
    const created = await tryOut(page, 'createOrder', () =>
      operation(page, 'createOrder').locator('textarea').fill(body),
    );
    expect(created.status).toMatch(/^200/);
    const orderId = /"orderID": (\d+)/.exec(created.text)?.[1] ?? '';
    const order = await tryOut(page, 'getOrder', () =>
      operation(page, 'getOrder').locator('[data-param-name="order_id"] input').fill(orderId),
    );
    expect(order.text).toContain('"user": 9007199254740993');
    expect(remote(requested)).toEqual([]);
    expect(consoleErrors).toEqual([]);
  });
});
