/** The report of a fuzz run, as text. */
import type { Case } from './case.ts';
import type { Finding, Report } from './run.ts';

const HEX_MAX_CHARS = 4_000;

/** A wrong answer, with the bytes of its case. */
export function describeFinding({ index, sent, message }: Finding): string {
  return `case ${index}, ${sent.via}: ${sent.kind}: ${message}\n${describeCase(sent)}`;
}

function describeCase(sent: Case): string {
  const writes = sent.via === 'frames' ? [sent.bytes] : sent.writes;
  const bytes = writes.map((each) => `  bytes ${each.toString('hex').slice(0, HEX_MAX_CHARS)}`);
  if (sent.via === 'gRPC') bytes.unshift(`  headers ${JSON.stringify(sent.headers).slice(0, HEX_MAX_CHARS)}`);
  return bytes.join('\n');
}

/** How often each kind of case was sent and each status answered. */
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
    `${report.cases} cases, ${report.findings.length} answered wrongly`,
  ].join('\n');
}
