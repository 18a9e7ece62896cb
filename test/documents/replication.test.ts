/** The settings that the documents rest on are the same wherever a pair of servers is set up. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { primaryConf, replicaConf } from '../../src/embedded/settings.ts';

/** How soon a lost server is noticed and back, and how long a reader may delay commits. */
const SETTINGS = {
  max_standby_streaming_delay: '1s',
  wal_receiver_status_interval: '1s',
  wal_receiver_timeout: '10s',
  wal_retrieve_retry_interval: '500ms',
  wal_sender_timeout: '10s',
};

const text = (path: string) => readFileSync(path, 'utf8');
const block = (path: string, start: string) => text(path).split(start)[1]?.split('\nEOF')[0] ?? '';

test.each([
  ['docs/replication.md', block('docs/replication.md', 'cat >>primary/postgresql.conf'), / = '(\w+)'/],
  ['scripts/docker/primary-init.sh', text('scripts/docker/primary-init.sh'), / = '(\w+)'/],
  ['the embedded primary', primaryConf(1, true).text, / = '(\w+)'/],
  ['the embedded replica', replicaConf(1, 2, '').text, / = '(\w+)'/],
  ['docs/deployment.md, for Patroni', text('docs/deployment.md'), /: (\w+)/],
])('%s has the five settings of a pair', (_where, source, value) => {
  for (const [name, expected] of Object.entries(SETTINGS)) {
    expect(new RegExp(`${name}${value.source}`).exec(source)?.[1], name).toBe(expected);
  }
});
