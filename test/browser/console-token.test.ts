/** The console of a service that requires tokens: it asks for one, and its scopes decide what can be done. */
import { expect, test } from 'vitest';
import type { Identity } from '../../src/domain/access.ts';
import { accepted, refused } from '../../src/domain/outcome.ts';
import { fixedRefusals } from '../../src/domain/refusals.ts';
import { seriousFaults } from './console-page.ts';
import { useConsole } from './console-server.ts';

const reader: Identity = { name: 'alice', scopes: new Set(['stock:read']), endMs: Number.POSITIVE_INFINITY };
const stock = { sku: 7, total: 10n, reserved: 0n, count: 10n };

const { openPage, urlOf } = useConsole({
  loms: {
    explainStock: async () => accepted({ ...stock, holds: [], nextReleaseAt: undefined, nextPageToken: '' }),
    listStockMovements: async () => accepted({ movements: [], nextPageToken: '' }),
  },
  authenticate: (authorization) => {
    if (authorization === undefined) return refused(fixedRefusals.credentialsMissing);
    return authorization === 'Bearer valid' ? accepted(reader) : refused(fixedRefusals.credentialsInvalid);
  },
});

test('it asks for a token, shows why one is refused, and disables what the scopes do not allow', async () => {
  const { page, requested } = await openPage();
  await page.goto(urlOf('stock?sku=7'));
  await page.getByText('CREDENTIALS_MISSING').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const use = async (token: string) => {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Use token' }).click();
  };
  // It could not be sent, which would look as if the service were down.
  const sent = requested.length;
  await use('Bearer valid');
  await use('жетон');
  const validity = 'document.querySelector("input:invalid").validity.patternMismatch';
  expect(await page.evaluate(validity)).toBe(true);
  expect(requested.slice(sent)).toEqual([]);
  await use('forged');
  await page.getByText('CREDENTIALS_INVALID').waitFor();
  await use('valid');
  const adjust = page.getByRole('button', { name: 'Adjust…' });
  await adjust.waitFor();
  expect(await adjust.isDisabled()).toBe(true);
  expect(await adjust.getAttribute('title')).toContain('stock:write');
  await page.keyboard.press('3');
  await page.getByText('orders:read').waitFor();
  expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
  await page.reload();
  await page.getByText('alice').waitFor();
  await page.getByRole('button', { name: 'Forget token' }).click();
  await page.getByText('CREDENTIALS_MISSING').waitFor();
  expect(await page.evaluate('sessionStorage.length')).toBe(0);
});
