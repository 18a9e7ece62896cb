/** How statements are read from a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readStatements } from './statements.ts';

async function fileOf(text: string): Promise<URL> {
  const dir = await mkdtemp(join(tmpdir(), 'loms-statements-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'statements.sql');
  await writeFile(path, text);
  return pathToFileURL(path);
}

const two =
  '/*\n  Head.\n*/\n\n/* @name one */\n-- Why.\nSELECT 1;\n\n/* @name two */\nSELECT 2;\n\nSELECT 3;\n';

test('each statement is found by its name, with its comment', async () => {
  expect(readStatements(await fileOf(two), 'one', 'two')).toEqual({
    one: '-- Why.\nSELECT 1;',
    two: 'SELECT 2;\n\nSELECT 3;',
  });
});

test('a file with other statements is refused', async () => {
  const file = await fileOf(two);
  expect(() => readStatements(file, 'one')).toThrow('holds one, two, not one');
  expect(() => readStatements(file, 'one', 'two', 'three')).toThrow('holds one, two, not one, two, three');
});
