/**
 * Compiles `sql/*.sql` into typed functions in `src/generated/sql`, checked by a real PostgreSQL that has the
 * migrations applied. With `--check` it only says what is stale.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbeddedCluster } from '../src/db/embedded/cluster.ts';
import { migrate } from '../src/db/migrate.ts';
import { freePorts } from '../test/free-port.ts';
import { settle } from './staged.ts';

const logger = pino({ level: 'warn' }, pino.destination(2));
const stage = 'build/sql-stage';

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
const dir = mkdtempSync(join(tmpdir(), 'loms-generate-'));
const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
const cluster = await startEmbeddedCluster({ dir, primaryPort, replicaPort, logger, replica: false });
try {
  await migrate(cluster.primaryUrl, logger);
  compile(cluster.primaryUrl);
} finally {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
}
settle(`${stage}/src/generated/sql`, 'src/generated/sql');

/**
 * pgtyped prints a parse error and goes on without the file, so its output is read for one, and every source
 * must have given a file. `--uri` is passed because PG* variables would win over a configuration file.
 */
function compile(url: string): void {
  const config = JSON.parse(readFileSync('pgtyped.json', 'utf8'));
  config.transforms[0].emitTemplate = `${stage}/${config.transforms[0].emitTemplate}`;
  writeFileSync(`${stage}/pgtyped.json`, JSON.stringify(config));
  const args = ['pgtyped', '--config', `${stage}/pgtyped.json`, '--uri', url];
  const output = execFileSync('npx', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const sources = readdirSync('sql').filter((name) => name.endsWith('.sql'));
  const results = readdirSync(`${stage}/src/generated/sql`);
  const missing = sources.filter((name) => !results.includes(name.replace(/sql$/, 'ts')));
  if (/parse error|skipped/i.test(output) || missing.length > 0) {
    throw new Error(
      `pgtyped did not compile everything (missing: ${missing.join(', ') || 'none'})\n${output}`,
    );
  }
}
