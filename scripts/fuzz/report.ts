/** What a fuzz run has shown, in words. */
import type { Case } from './case.ts';
import { growthOf } from './memory.ts';
import type { Report, Wrong } from './run.ts';

const HEX_MAX_CHARS = 4_000;
const MEBIBYTE = 1024 * 1024;
/** So much more than in the beginning may be held in the end: noise of the allocator, not growth. */
const GROWTH_MAX = 1.2;

/** Whether the service held clearly more in the end than in the beginning. */
export function hasGrown({ memory }: Report): boolean {
  const { earlyBytes, lateBytes } = growthOf(memory);
  return lateBytes > earlyBytes * GROWTH_MAX;
}

/** A wrong answer, with all that is needed to ask again. */
export function describeWrong({ index, sent, what }: Wrong): string {
  return `case ${index}, ${sent.via}: ${sent.kind}: ${what}\n${describeCase(sent)}`;
}

function describeCase(sent: Case): string {
  const writes = sent.via === 'frames' ? [sent.bytes] : sent.writes;
  const bytes = writes.map((each) => `  bytes ${each.toString('hex').slice(0, HEX_MAX_CHARS)}`);
  if (sent.via === 'gRPC') bytes.unshift(`  headers ${JSON.stringify(sent.headers).slice(0, HEX_MAX_CHARS)}`);
  return bytes.join('\n');
}

/** The figures of a run. */
export function describeReport(report: Report): string {
  const { earlyBytes, lateBytes } = growthOf(report.memory);
  const mib = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([name, times]) => `  ${String(times).padStart(7)}  ${name}`);
  return [
    'kinds of cases',
    ...list(report.kinds),
    'answers',
    ...list(report.answers),
    `${report.cases} cases, ${report.wrong.length} answered wrongly`,
    `memory at rest: ${mib(earlyBytes)} in the second fifth of the run, ${mib(lateBytes)} in the last`,
  ].join('\n');
}
