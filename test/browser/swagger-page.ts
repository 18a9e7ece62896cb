/** The Swagger page of a service in headless Chromium, and the actions of its users. */
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

export interface SwaggerPage {
  readonly page: Page;
  /** Every URL that the page requested. */
  readonly requested: string[];
  /** Errors and warnings on the browser's console. */
  readonly consoleErrors: string[];
}

/** Starts the browser `CHROMIUM_PATH`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // No other name resolves, so a request to another host fails on every machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  });
}

/** Opens the page of the service at `url` and waits until it shows the operations. */
export async function openSwagger(browser: Browser, url: string): Promise<SwaggerPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const requested: string[] = [];
  const consoleErrors: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') consoleErrors.push(message.text());
  });
  page.on('pageerror', (error) => consoleErrors.push(String(error)));
  await page.goto(`${url}/docs`);
  await operation(page, 'createOrder').waitFor();
  return { page, requested, consoleErrors };
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

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Returns the URLs that are not on this machine. */
export function remote(addresses: readonly string[]): string[] {
  return addresses.filter((address) => {
    const { protocol, hostname } = new URL(address);
    return protocol !== 'data:' && protocol !== 'blob:' && !loopback.has(hostname);
  });
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
