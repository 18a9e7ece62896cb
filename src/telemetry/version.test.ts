/** The version of loms, and which Node.js is supported. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/http-app.ts';
import { isNodeSupported, version } from './version.ts';

const read = (path: string) => readFileSync(path, 'utf8');

const openApi = async () => JSON.parse(await (await testApp().request('/openapi.json')).text());

test('is that of package.json, in the OpenAPI document and in the changelog too', async () => {
  expect(version).toBe(JSON.parse(read('package.json')).version);
  expect((await openApi()).info.version).toBe(version);
  const [, latest] = /^## (\S+)/m.exec(read('CHANGELOG.md')) ?? [];
  expect(latest).toBe(version);
});

test('the licence is the same everywhere', async () => {
  const { license } = JSON.parse(read('package.json'));
  expect(read('LICENSE')).toContain('Apache License\n                           Version 2.0');
  expect(license).toBe('Apache-2.0');
  expect((await openApi()).info.license.identifier).toBe(license);
});

test.each([
  ['18.20.8', false],
  ['20.20.0', false],
  ['22.22.0', true],
  ['26.10.0', true],
])('Node.js %s is supported: %s', (nodeVersion, supported) => {
  expect(isNodeSupported(nodeVersion)).toBe(supported);
});
