/** How figures are written into pages. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pageWithFigures } from './report.ts';

async function pageOf(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'loms-page-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'page.md');
  await writeFile(path, text);
  return path;
}

const section = (command: string, figures: string) =>
  `<!-- figures:begin, written by ${command} -->\n${figures}\n<!-- figures:end -->\n`;

test('figures replace their own section, and those of another program stay', async () => {
  const path = await pageOf(`# Page\n${section('make a', '1')}between\n${section('make b', '2')}`);
  expect(await pageWithFigures(path, 'make a', '3')).toBe(
    `# Page\n${section('make a', '3')}between\n${section('make b', '2')}`,
  );
  expect(await pageWithFigures(path, 'make b', '3')).toBe(
    `# Page\n${section('make a', '1')}between\n${section('make b', '3')}`,
  );
});

test('a page without a section for them is an error', async () => {
  const path = await pageOf(section('make a', '1'));
  await expect(pageWithFigures(path, 'make b', '3')).rejects.toThrow('no marks for the figures');
});
