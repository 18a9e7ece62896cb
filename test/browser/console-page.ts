/** The console of a service in headless Chromium: its pages, and what makes them look used. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

export const pages = ['now', 'stock', 'orders', 'events', 'health'] as const;

/** How a page is looked at. */
export const views = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const;

/** Faults that keep somebody from using the page, by what finds them in the document. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // By the protocol of the browser: the policy of the page allows no script that is added to it.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    );
}

/** Whether the page is wider than its window. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

/** Sends a request as a customer would, and returns the text of the reply. */
export async function send(url: string, path: string, body: string, key?: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
  return (await fetch(`${url}${path}`, { method: 'POST', headers, body })).text();
}

/** Creates an order of one line, and returns its id, digit for digit. */
export async function createOrder(url: string, user: string, sku: string, count: number): Promise<string> {
  const text = await send(url, '/order/create', `{"user":${user},"items":[{"sku":${sku},"count":${count}}]}`);
  const id = /"orderID":(\d+)/.exec(text)?.[1];
  if (id === undefined) throw new Error(`no order: ${text}`);
  return id;
}

const LOAD_INTERVAL_MS = 40;

/** Creates some orders a second, and pays or cancels some of them. Returns a function that ends it. */
export function startLoad(url: string, skus: readonly string[]): () => Promise<void> {
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  const step = async () => {
    const turn = count++;
    const id = await createOrder(url, String(1 + (turn % 7)), skus[turn % skus.length] ?? '', 1 + (turn % 3));
    if (turn % 3 === 0) await send(url, '/order/pay', `{"orderID":${id}}`);
    if (turn % 5 === 1) await send(url, '/order/cancel', `{"orderID":${id}}`);
    if (turn % 11 === 2) await send(url, '/order/pay', '{"orderID":0}');
    await fetch(`${url}/order/info/${id}`);
  };
  const timer = setInterval(() => {
    last = step().catch(() => {});
  }, LOAD_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await last;
  };
}
