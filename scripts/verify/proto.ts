/**
 * Holds the contracts to buf's rules: its format, its STANDARD lint rules and, on request, compatibility
 * with what an earlier commit promised.
 *
 *     tsx scripts/lint-proto.ts                      format and lint
 *     tsx scripts/lint-proto.ts --against <commit>   also: nothing breaks callers of that commit
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buf, prepareDeps, root } from '../generate/proto-deps.ts';

const { values } = parseArgs({ options: { against: { type: 'string' } } });

process.chdir(root);
prepareDeps();
buf('format', 'proto', '--diff', '--exit-code');
buf('lint', 'proto');
if (values.against !== undefined) lintChanges(values.against);

/** The imports of an earlier commit are not in git, but its descriptor set is, and has them in it. */
function lintChanges(commit: string): void {
  const path = `${commit}:src/generated/proto/descriptor.ts`;
  const source = execFileSync('git', ['show', path], { encoding: 'utf8' });
  const lines = [...source.matchAll(/^ {2}'(.*)',$/gm)].map((match) => match[1]);
  writeFileSync('build/proto-before.binpb', Buffer.from(lines.join(''), 'base64'));
  buf('build', '--output', 'build/proto-now.binpb');
  buf('breaking', 'build/proto-now.binpb', '--against', 'build/proto-before.binpb', '--path', 'loms');
}
