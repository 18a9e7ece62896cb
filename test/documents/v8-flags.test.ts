/** V8's young generation has the same size wherever the service is started from (docs/performance.md). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const flags = /--min-semi-space-size=(\d+)[^-]*--max-semi-space-size=(\d+)/;

test.each(['Makefile', 'Dockerfile', 'deploy/systemd/loms.service'])('%s starts it with 64 MiB', (file) => {
  const [, min, max] = flags.exec(readFileSync(file, 'utf8')) ?? [];
  expect([min, max]).toEqual(['64', '64']);
});
