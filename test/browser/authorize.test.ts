/**
 * The Authorize button of the Swagger page, in headless Chromium, on a service that requires tokens. The
 * tokens are signed with a real key and checked against its JWKS.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTokens } from '../../src/auth/tokens.ts';
import { type HttpServer, startHttpServer } from '../../src/transport/http/server.ts';
import { silent, testApp } from '../support/http-app.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { launchBrowser, remote } from './page.ts';
import { execute, openSwagger, tryOut } from './swagger-page.ts';

let dir: string;
let issuer: Issuer;
let server: HttpServer;
let browser: Browser;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-authorize-'));
  issuer = await createIssuer();
  const jwks = join(dir, 'jwks.json');
  await writeKeys(issuer, jwks);
  const options = { jwks, issuer: ISSUER, audience: AUDIENCE, logger: silent };
  const { authenticate } = await openTokens({ ...options, jwksMaxAgeMs: 60_000, wallClock: Date.now });
  const app = testApp({ now: Date.now, authenticate });
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop(1_000);
  await rm(dir, { recursive: true, force: true });
});

/** Enters a token with the page's Authorize button. */
async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.auth-wrapper .btn.authorize').first().click();
  const dialog = page.locator('.modal-ux');
  await dialog.locator('input').fill(token);
  await dialog.locator('button.modal-btn.authorize').click();
  await dialog.locator('button.close-modal').click();
}

test('the Authorize button: a create is refused without a token, and accepted with one', async () => {
  const { page, requested } = await openSwagger(browser, `http://127.0.0.1:${server.port}`);
  const refused = await tryOut(page, 'createOrder');
  expect(refused.status).toMatch(/^401/);
  expect(refused.text).toContain('CREDENTIALS_MISSING');

  await authorize(page, await issuer.sign({ scope: 'orders:write' }));
  await expect.poll(async () => (await execute(page, 'createOrder')).status).toMatch(/^200/);
  const read = await tryOut(page, 'getOrder');
  expect(read.status).toMatch(/^403/);
  expect(read.text).toContain('SCOPE_MISSING');
  expect(remote(requested)).toEqual([]);
});
