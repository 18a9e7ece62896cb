/**
 * Writes the table of scopes in `docs/security.md` from the table of operations.
 *
 *     tsx scripts/generate/scopes.ts           writes it
 *     tsx scripts/generate/scopes.ts --check   fails when it is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { scopes, served } from '../../src/domain/operations.ts';
import { settle } from './staged.ts';

const page = 'docs/security.md';
const staged = 'build/security.md';
const begin = '<!-- scopes:begin, written by make generate -->\n';
const end = '<!-- scopes:end -->\n';

/** A row for each scope, with the operations that need it. */
function printTable(): string {
  const rows = scopes.map((scope) => {
    const names = Object.entries(served).filter(([, each]) => each.scope === scope);
    return `| ${names.map(([name]) => `\`${name}\``).join(', ') || 'reserved'} | \`${scope}\` |\n`;
  });
  return `| operation | scope |\n|---|---|\n${rows.join('')}`;
}

const text = readFileSync(page, 'utf8');
const [before, rest = ''] = text.split(begin);
const [, after] = rest.split(end);
if (after === undefined) throw new Error(`${page} has no marks for the table of scopes`);
mkdirSync('build', { recursive: true });
writeFileSync(staged, `${before}${begin}${printTable()}${end}${after}`);
settle(staged, page);
