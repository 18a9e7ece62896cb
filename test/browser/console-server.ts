/** A console without a database behind it, for the tests of one file. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { Samples } from '../../src/telemetry/samples.ts';
import { CONSOLE_FOLDER } from '../../src/transport/http/console.ts';
import { type HttpServer, startHttpServer } from '../../src/transport/http/server.ts';
import { silent, type TestAppOptions, testApp } from '../support/http-app.ts';
import { launchBrowser, type ObservedPage, openPage } from './page.ts';

export interface TestConsole {
  /** Opens an empty page of the browser. */
  openPage(): Promise<ObservedPage>;
  /** The address of a page of the console, such as `stock?sku=7`. */
  urlOf(path: string): string;
}

/** Starts a service that sends no samples, and a browser; both end with the tests of the file. */
export function useConsole(options: TestAppOptions = {}): TestConsole {
  const samples = new Samples(['orders.created']);
  let server: HttpServer;
  let browser: Browser;
  beforeAll(async () => {
    const app = testApp({
      now: () => performance.now(),
      console: { folder: CONSOLE_FOLDER, samples },
      ...options,
    });
    server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    samples.stop();
    await server?.stop(1_000);
  });
  return {
    openPage: () => openPage(browser),
    urlOf: (path) => `http://127.0.0.1:${server.port}/console/#/${path}`,
  };
}
