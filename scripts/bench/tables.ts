/** The tables of the report, in Markdown. */
import { median } from '../lib/statistics.ts';
import { type Bench, type Filter, scenarioNames, subjectNames } from './bench.ts';
import type { Measured } from './types.ts';

export function tablesOf(bench: Bench): string[] {
  return [
    ...section(
      'Interleaved, medians',
      'Each at the concurrency with its highest rate.',
      groups(bench, ['interleaved', 'own client', 'many']),
    ),
    ...section('By concurrency', 'REST and gRPC, medians of the rounds.', groups(bench, ['sweep'])),
    ...section(
      'The designs without a service, by the number of clients',
      'Through a pool of `pg`, without HTTP.',
      groups(bench, ['clients']),
    ),
    ...section(
      'Orders that cannot be fulfilled',
      'The rate counts answers; refused orders are written too.',
      groups(bench, ['refusals']),
    ),
    ...overload(bench),
    ...section('A slow replica', 'Through the relay, which only forwards at 0 ms.', groups(bench, ['delay'])),
    ...section(
      'One client',
      'What the service adds to the latency of the SQL.',
      groups(bench, ['one client']),
    ),
  ];
}

/** Groups the steps that differ only in their round. */
function groups(bench: Bench, parts: readonly string[]): Measured[][] {
  const found = new Map<string, Measured[]>();
  for (const part of parts) {
    for (const step of bench.find({ part } satisfies Filter)) {
      const { subject, transport, scenario, concurrency, delayMs } = step;
      const key = JSON.stringify([part, subject, transport, scenario, concurrency, delayMs]);
      found.set(key, [...(found.get(key) ?? []), step]);
    }
  }
  return [...found.values()];
}

const COLUMNS = [
  'what',
  'in flight',
  'per second',
  'p50 ms',
  'p99 ms',
  'commits/order',
  'WAL bytes/order',
  'service memory',
  'service CPU',
  'idle',
  'load',
];

function section(title: string, text: string, rows: readonly Measured[][]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((steps) => `| ${cellsOf(steps).join(' | ')} |`);
  return [`### ${title}`, '', text, '', head(COLUMNS), ...lines, ''];
}

function head(columns: readonly string[]): string {
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return `| ${columns.join(' | ')} |\n|${rule.join('|')}|`;
}

function cellsOf(steps: readonly Measured[]): string[] {
  const [first] = steps;
  if (first === undefined) return [];
  const { subject, transport, scenario, delayMs, concurrency, generator } = first;
  const of = (figure: (step: Measured) => number | undefined) =>
    median(steps.flatMap((step) => figure(step) ?? []));
  const what = subject === 'loms' ? `${transport}: ` : `${subjectNames[subject]}${sqlOr(transport)}: `;
  const delay = delayMs === undefined ? '' : `, ${delayMs} ms`;
  return [
    `${what}${scenarioNames[scenario]}${delay}`,
    whole(concurrency),
    whole(of((step) => step.perSecond)),
    of((step) => step.latency.p50).toFixed(1),
    of((step) => step.latency.p99).toFixed(1),
    decimal(of((step) => (step.orders > 0 ? step.commits / step.orders : undefined))),
    whole(of((step) => (step.orders > 0 ? step.walBytes / step.orders : undefined))),
    mebibytes(of((step) => step.rssBytes)),
    percent(of((step) => step.serviceCpu)),
    percent(of((step) => step.idle)),
    generator === subject ? '' : generator,
  ];
}

const sqlOr = (transport: Measured['transport']) => (transport === 'SQL' ? '' : `, ${transport}`);

function overload(bench: Bench): string[] {
  return [
    ...answers(bench, 'overload', 'Overload', 'An open loop at three times the peak.'),
    ...answers(bench, 'full queue', 'A full queue', 'A closed loop against a service whose queue holds 16.'),
  ];
}

/** A table of steps in which some requests succeed and others are refused. */
function answers(bench: Bench, part: string, title: string, text: string): string[] {
  const lines = bench.find({ part }).map((step) => {
    const { transport, rate = 0, seconds, ok, refused, failed, heldBack, latency, refusalLatency } = step;
    const cells = [
      transport,
      rate > 0 ? whole(rate) : '',
      whole((ok + refused + failed) / seconds),
      whole(heldBack / seconds),
      whole(ok / seconds),
      whole(refused / seconds),
      latency.p99.toFixed(0),
      refused > 0 ? (refusalLatency?.p99 ?? 0).toFixed(0) : '',
      mebibytes(step.rssBytes ?? Number.NaN),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  if (lines.length === 0) return [];
  const columns = [
    'transport',
    'offered per second',
    'answered',
    'not sent for lack of a connection',
    'goodput',
    'refused',
    'p99 ms of goodput',
    'p99 ms of refused',
    'service memory',
  ];
  return [`### ${title}`, '', text, '', head(columns), ...lines, ''];
}

function whole(value: number): string {
  return Number.isNaN(value) ? '' : Math.round(value).toLocaleString('en');
}

function decimal(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(value < 0.1 ? 4 : 2);
}

function percent(value: number): string {
  return Number.isNaN(value) ? '' : `${Math.round(value * 100)}%`;
}

function mebibytes(bytes: number): string {
  return Number.isNaN(bytes) ? '' : `${Math.round(bytes / 2 ** 20)} MiB`;
}
