/** A browser, and what all its tests observe of a page. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export interface ObservedPage {
  readonly page: Page;
  /** Every URL that the page requested. */
  readonly requested: string[];
  /** Errors and warnings on the browser's console. */
  readonly consoleErrors: string[];
}

/** The most time for an action, or until something is shown, in milliseconds. */
const WAIT_MS = 30_000;

/** Starts the browser `CHROMIUM_PATH`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      // Containers have little of it.
      '--disable-dev-shm-usage',
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

/** Opens an empty page, of a size for the pictures in the documents unless the options set one. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<ObservedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(WAIT_MS);
  const requested: string[] = [];
  const consoleErrors: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') consoleErrors.push(message.text());
  });
  page.on('pageerror', (error) => consoleErrors.push(String(error)));
  return { page, requested, consoleErrors };
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Returns the URLs that are not on this machine. */
export function remote(addresses: readonly string[]): string[] {
  return addresses.filter((address) => {
    const { protocol, hostname } = new URL(address);
    return protocol !== 'data:' && protocol !== 'blob:' && !loopback.has(hostname);
  });
}
