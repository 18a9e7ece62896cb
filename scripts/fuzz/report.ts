/** What a fuzz run has shown, in words. */
import type { Case } from './case.ts';
import type { Report, Wrong } from './run.ts';

const HEX_MAX_CHARS = 4_000;

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

/** The number of cases of each kind, and of each answer. */
export function describeReport(report: Report): string {
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
  ].join('\n');
}
