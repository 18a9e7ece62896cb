/** The Swagger page of a service in headless Chromium, and what a person does on it. */
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

export interface SwaggerPage {
  readonly page: Page;
  /** Every URL that the page requested. */
  readonly requested: string[];
  /** Errors and warnings on the browser's console. */
  readonly complaints: string[];
}

/** Starts the browser named by `CHROMIUM_PATH`. */
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
      // No other name resolves, so that a request to it fails visibly on any machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  });
}

/** Opens the page of the service at `url` and waits until it shows the operations. */
export async function openSwagger(browser: Browser, url: string): Promise<SwaggerPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const requested: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/docs`);
  await operation(page, 'createOrder').waitFor();
  return { page, requested, complaints };
}

export interface ShownAnswer {
  readonly status: string;
  readonly text: string;
}

/** Opens an operation and sends its example, changed by `fill`, by "Try it out". */
export async function tryOut(
  page: Page,
  operationId: string,
  fill: () => Promise<void> = async () => {},
): Promise<ShownAnswer> {
  await operation(page, operationId).locator('.opblock-summary-control').click();
  await operation(page, operationId).getByRole('button', { name: 'Try it out' }).click();
  await fill();
  return execute(page, operationId);
}

/** Sends the request of an opened operation, and reads the answer that the page shows. */
export async function execute(page: Page, operationId: string): Promise<ShownAnswer> {
  await operation(page, operationId).getByRole('button', { name: 'Execute' }).click();
  const live = operation(page, operationId).locator('.live-responses-table');
  await live.waitFor();
  const shown = async (column: string) => (await live.locator(column).last().textContent()) ?? '';
  return { status: await shown('.response-col_status'), text: await shown('.response-col_description') };
}

/** An operation's part of the page. */
export function operation(page: Page, operationId: string): Locator {
  return page.locator(`[id="operations-order-${operationId}"]`);
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The URLs that are not on this machine. */
export function remote(addresses: readonly string[]): string[] {
  return addresses.filter((address) => {
    const { protocol, hostname } = new URL(address);
    return protocol !== 'data:' && protocol !== 'blob:' && !loopback.has(hostname);
  });
}

/** Takes a picture of the page from its top to the bottom of one of its parts. */
export async function takePicture(page: Page, lowest: Locator, path: string | undefined): Promise<void> {
  if (!path) return;
  const part = await lowest.boundingBox();
  const scrolled = await page.evaluate('window.scrollY');
  const height = Math.ceil((part?.y ?? 0) + (part?.height ?? 0) + Number(scrolled)) + 20;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: 1280, height } });
}
