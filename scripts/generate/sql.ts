/**
 * Compiles `sql/*.sql` into typed functions in `src/generated/sql`. A temporary PostgreSQL with all
 * migrations checks the statements and gives their types.
 *
 *     tsx scripts/generate/sql.ts           writes them
 *     tsx scripts/generate/sql.ts --check   fails when they are stale
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { migrate } from '../../src/db/schema/migrate.ts';
import { quiet } from '../../test/support/quiet.ts';
import { startTemporaryCluster } from '../../test/support/temporary-cluster.ts';
import { settle } from './staged.ts';

const stage = 'build/sql-stage';

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
const { cluster, remove } = await startTemporaryCluster({ replica: false });
try {
  await migrate(cluster.primaryUrl, quiet);
  compile(cluster.primaryUrl);
} finally {
  await remove();
}
settle(`${stage}/src/generated/sql`, 'src/generated/sql');

/**
 * Runs pgtyped. It prints a parse error and continues without the file, so its output is searched for errors,
 * and each source must have an output file. `--uri` is passed because PG* variables would override a
 * configuration file.
 *
 * @throws when a file was not compiled.
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
