/** The Swagger page of a service in headless Chromium, and the actions of its users. */
import type { Browser, Locator, Page } from 'playwright-core';
import { type ObservedPage, openPage } from './page.ts';

/** Opens the page of the service at `url` and waits until it shows the operations. */
export async function openSwagger(browser: Browser, url: string): Promise<ObservedPage> {
  const observed = await openPage(browser);
  const { page } = observed;
  await page.goto(`${url}/docs`);
  await operation(page, 'createOrder').waitFor();
  return observed;
}

export interface ShownResponse {
  readonly status: string;
  readonly text: string;
}

/** Opens an operation and sends its example by "Try it out". `fill` may change the example first. */
export async function tryOut(
  page: Page,
  operationId: string,
  fill: () => Promise<void> = async () => {},
): Promise<ShownResponse> {
  await operation(page, operationId).locator('.opblock-summary-control').click();
  await operation(page, operationId).getByRole('button', { name: 'Try it out' }).click();
  await fill();
  return execute(page, operationId);
}

/** Sends the request of an open operation, and reads the response that the page shows. */
export async function execute(page: Page, operationId: string): Promise<ShownResponse> {
  await operation(page, operationId).getByRole('button', { name: 'Execute' }).click();
  const live = operation(page, operationId).locator('.live-responses-table');
  await live.waitFor();
  const shown = async (column: string) => (await live.locator(column).last().textContent()) ?? '';
  return { status: await shown('.response-col_status'), text: await shown('.response-col_description') };
}

/** The section of an operation. */
export function operation(page: Page, operationId: string): Locator {
  return page.locator(`[id="operations-order-${operationId}"]`);
}

/**
 * Takes a screenshot of the page from its top to the bottom of an element.
 *
 * @param path the file to write; without it, nothing is done.
 */
export async function takeScreenshot(page: Page, lowest: Locator, path: string | undefined): Promise<void> {
  if (!path) return;
  const part = await lowest.boundingBox();
  const scrolled = await page.evaluate('window.scrollY');
  const height = Math.ceil((part?.y ?? 0) + (part?.height ?? 0) + Number(scrolled)) + 20;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: 1280, height } });
}
