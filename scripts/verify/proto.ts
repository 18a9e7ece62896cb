/**
 * Checks the contracts by buf's rules: its format, its STANDARD lint rules and, on request, compatibility
 * with an earlier commit.
 *
 *     tsx scripts/verify/proto.ts                      checks format and lint rules
 *     tsx scripts/verify/proto.ts --against <commit>   also checks that clients of that commit still work
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
if (values.against !== undefined) checkBreaking(values.against);

/** Compares with the commit's descriptor set: it includes the imports, which are not committed otherwise. */
function checkBreaking(commit: string): void {
  const path = `${commit}:src/generated/proto/descriptor.ts`;
  const source = execFileSync('git', ['show', path], { encoding: 'utf8' });
  const lines = [...source.matchAll(/^ {2}'(.*)',$/gm)].map((match) => match[1]);
  writeFileSync('build/proto-before.binpb', Buffer.from(lines.join(''), 'base64'));
  buf('build', '--output', 'build/proto-now.binpb');
  buf('breaking', 'build/proto-now.binpb', '--against', 'build/proto-before.binpb', '--path', 'loms');
}
