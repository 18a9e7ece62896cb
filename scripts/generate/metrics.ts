/**
 * Writes `docs/metrics.md` from the register of metrics.
 *
 *     tsx scripts/generate/metrics.ts           writes it
 *     tsx scripts/generate/metrics.ts --check   fails when it is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { definitions, type MetricDefinition } from '../../src/telemetry/register.ts';
import { settle } from './staged.ts';

const page = 'docs/metrics.md';
const staged = 'build/metrics.md';
const begin = '<!-- metrics:begin, written by make generate -->\n';
const end = '<!-- metrics:end -->\n';

/** A row for each metric. */
function printTable(): string {
  const rows = Object.entries<MetricDefinition>(definitions).map(([name, each]) => {
    const labels = each.labels.map((label) => `\`${label}\``).join(', ') || '-';
    return `| \`${name}\` | ${each.type} | ${labels} | ${each.most} | ${each.help} |\n`;
  });
  const head = '| metric | type | labels | label sets at most | what it shows |\n|---|---|---|---|---|\n';
  return head + rows.join('');
}

const text = readFileSync(page, 'utf8');
const [before, rest = ''] = text.split(begin);
const [, after] = rest.split(end);
if (after === undefined) throw new Error(`${page} has no marks for the table of metrics`);
mkdirSync('build', { recursive: true });
writeFileSync(staged, `${before}${begin}${printTable()}${end}${after}`);
settle(staged, page);
