/**
 * The Swagger page as a person uses it, in headless Chromium.
 *
 * LOMS_URL        a running service; without it, the built one is started
 * CHROMIUM_PATH   the browser, /usr/bin/chromium by default
 * SCREENSHOT      where to write a picture of the page with an order created (docs/images/swagger.png)
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  launchBrowser,
  openSwagger,
  operation,
  remote,
  type SwaggerPage,
  takePicture,
  tryOut,
} from './swagger-page.ts';

const url = inject('serviceUrl');
let browser: Browser;
let swagger: SwaggerPage;

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
  test('creates an order by "Try it out", and nothing leaves this machine', async () => {
    const { page, requested, complaints } = swagger;
    const { status, text } = await tryOut(page, 'createOrder');
    expect(status).toMatch(/^200/);
    expect(text).toMatch(/"orderID": \d+/);
    expect(requested).toContain(`${url}/order/create`);
    expect(remote(requested)).toEqual([]);
    expect(complaints).toEqual([]);
    await takePicture(page, page.locator('.live-responses-table'), process.env.SCREENSHOT);
  });

  test('sends and shows a user above 2^53 digit for digit', async () => {
    const { page, requested, complaints } = swagger;
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
    expect(complaints).toEqual([]);
  });
});
