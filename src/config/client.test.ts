/** What clients of a service read of the environment. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, readClientConfig } from './config.ts';

test('address and token, whatever the variables of the service are', () => {
  const ofService = { NODE_ENV: 'production', HTTP_PORT: 'none', DATABASE_URL_FILE: '/missing' };
  expect(readClientConfig(ofService)).toEqual({ url: 'http://127.0.0.1:8080', token: undefined });
  const env = { ...ofService, LOMS_URL: 'https://loms.test/api/', LOMS_TOKEN: 'a.b.c' };
  expect(readClientConfig(env)).toEqual({ url: 'https://loms.test/api', token: 'a.b.c' });
});

test('the token from a file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'loms-client-'));
  await writeFile(join(dir, 'token'), 'a.b.c\n');
  expect(readClientConfig({ LOMS_TOKEN_FILE: join(dir, 'token') }).token).toBe('a.b.c');
  await rm(dir, { recursive: true });
});

test.each([
  ['LOMS_URL', 'loms.test', 'LOMS_URL: must be an http or https URL without credentials, query and fragment'],
  ['LOMS_URL', 'http://a:b@loms.test', 'LOMS_URL: must be an http or https URL'],
  ['LOMS_TOKEN', 'two words', 'LOMS_TOKEN: must be a token'],
  ['LOMS_TOKEN', 'line\nbreak', 'LOMS_TOKEN: must be a token'],
  ['LOMS_TOKEN_FILE', '/missing', 'LOMS_TOKEN_FILE: cannot be read: ENOENT'],
])('%s=%j is refused', (name, value, mistake) => {
  const read = () => readClientConfig({ [name]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(mistake);
});
