/** The tables of the report, in Markdown. */

import { median } from '../lib/statistics.ts';
import { type Bench, type Filter, scenarioNames, subjectNames } from './bench.ts';
import type { Measured } from './types.ts';

export function tablesOf(bench: Bench): string[] {
  return [
    ...section(
      'In turns, medians',
      'Each at the number in flight at which it does most.',
      groups(bench, ['turns', 'own client', 'many']),
    ),
    ...section(
      'Over the number in flight',
      'REST and gRPC, medians of the rounds.',
      groups(bench, ['sweep']),
    ),
    ...section(
      'The designs without a service, over the number of clients',
      'Through a pool of `pg`, with no HTTP before them.',
      groups(bench, ['clients']),
    ),
    ...section(
      'Orders that cannot be met',
      'The speed is that of answers; the refused orders are written, too.',
      groups(bench, ['refusals']),
    ),
    ...overload(bench),
    ...section('A slow replica', 'Through the relay; with 0 ms it only passes on.', groups(bench, ['delay'])),
    ...section('One client', 'What the service adds to the SQL.', groups(bench, ['one client'])),
  ];
}

/** Steps that differ in their round alone. */
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
  'a second',
  'p50 ms',
  'p99 ms',
  'commits/order',
  'WAL bytes/order',
  'service memory',
  'service CPU',
  'idle',
  'load',
];

function section(title: string, words: string, rows: readonly Measured[][]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((steps) => `| ${cellsOf(steps).join(' | ')} |`);
  return [`### ${title}`, '', words, '', head(COLUMNS), ...lines, ''];
}

function head(columns: readonly string[]): string {
  return `| ${columns.join(' | ')} |\n|${columns.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`;
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

/** Steps in which some are answered and others are refused. */
function answers(bench: Bench, part: string, title: string, words: string): string[] {
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
    'offered a second',
    'answered',
    'held back for want of a connection',
    'useful',
    'refused',
    'p99 ms of useful',
    'p99 ms of refused',
    'service memory',
  ];
  return [`### ${title}`, '', words, '', head(columns), ...lines, ''];
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
