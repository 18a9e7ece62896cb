/** Alerts are documented, and rules, dashboard and compose.yaml name only what exists. */
import { readdirSync, readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { definitions, type MetricDefinition } from '../../src/telemetry/register.ts';
import { failureReasons } from '../../src/transport/record.ts';
import { alerts, readRules } from '../support/monitoring.ts';

const readText = (path: string) => readFileSync(path, 'utf8');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboards = 'deploy/grafana/dashboards';
const dashboard: { schemaVersion: number; panels: Panel[] } = JSON.parse(readText(`${dashboards}/loms.json`));
const rules = readRules().groups.flatMap((group) => group.rules);

/** Every name of a series: of metrics, of parts of histograms, of Prometheus itself, of recording rules. */
function knownSeries(): Set<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = [
    ...Object.entries<MetricDefinition>(definitions).map(([name, { type }]) => ({
      name,
      type: String(type),
    })),
    ...registry.getMetricsAsArray().map(({ name, type }) => ({ name, type: String(type) })),
  ];
  registry.clear();
  const parts = (name: string) => ['_bucket', '_sum', '_count'].map((part) => name + part);
  return new Set([
    ...metrics.flatMap(({ name, type }) => (/histogram|summary/.test(type) ? parts(name) : [name])),
    ...['up', 'ALERTS'],
    ...rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])),
  ]);
}

/** The names of series in a query: also those that a pattern for `__name__` lists. */
function seriesIn(expr: string): string[] {
  const listed = [...expr.matchAll(/__name__=~"([^"]*)"/g)].flatMap(([, names = '']) => names.split('|'));
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\b(by|on|group_left|unless on)\s*\([^)]*\)/g, ' ');
  const named = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w*\s*\()/g)].map(([name]) => name);
  return [...listed, ...named.filter((name) => /_|^up$|:/.test(name) && !/^(sum|max)_over/.test(name))];
}

test('rules and dashboard name no unknown series', () => {
  const known = knownSeries();
  const queries = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
  const named = queries
    .flatMap(seriesIn)
    .filter((name) => !/^(histogram_quantile|__rate_interval)$/.test(name));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(new Set(named).size).toBeGreaterThan(30);
});

test('every metric of the register is in a rule or on the dashboard', () => {
  const text = JSON.stringify([rules, dashboard]);
  expect(Object.keys(definitions).filter((name) => !text.includes(name))).toEqual(['loms_running_batches']);
});

test('docs/alerts.md describes every alert, with its severity and its time', () => {
  const sections = [...readText('docs/alerts.md').matchAll(/^### (\w+)\n\n(\w+), (at once|\w+)\. \S/gm)];
  const documented = sections.map(([, name, severity, time]) => [name, severity, time]);
  const expected = alerts().map(({ alert, labels, ...rule }) => [
    alert,
    labels.severity,
    rule.for ?? 'at once',
  ]);
  expect(documented.sort()).toEqual(expected.sort());
});

test('every alert has a known severity, a summary, and its section as the runbook', () => {
  for (const { alert, labels, annotations } of alerts()) {
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\S/),
      runbook: `docs/alerts.md#${alert.toLowerCase()}`,
    });
  }
});

test('requests count as failed for the reasons of the service, not for those of callers', () => {
  const { expr = '' } =
    rules.find((rule) => 'record' in rule && rule.record === 'job:loms_failures:rate5m') ?? {};
  const [, pattern = ''] = /reason=~"([^"]*)"/.exec(expr) ?? [];
  const matched = alertedReasons(new RegExp(`^(?:${pattern})$`));
  expect(matched.sort()).toEqual([...failureReasons].sort());
});

function alertedReasons(pattern: RegExp): string[] {
  const all = [...readText('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, reason = '']) => reason,
  );
  return all.filter((reason) => pattern.test(reason));
}

test('the panels of the dashboard have ids of their own and do not overlap', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

test('compose.yaml adds what watches by a profile: exact versions, loopback, files that exist', () => {
  const compose = parse(readText('compose.yaml'), { merge: true });
  const services = Object.entries<Service>(compose.services).filter(
    ([, { profiles }]) => profiles !== undefined,
  );
  expect(services.map(([name]) => name)).toEqual(['prometheus', 'grafana', 'traces']);
  for (const [name, { image, profiles, ports = [], volumes = [] }] of services) {
    expect(profiles, name).toEqual(['observability']);
    expect(image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    for (const volume of volumes) {
      const [from = ''] = volume.split(':');
      if (from.startsWith('./')) expect(readdirSync(from).length, volume).toBeGreaterThan(0);
      else expect(Object.keys(compose.volumes), volume).toContain(from);
    }
  }
  const { scrape_configs } = parse(readText('deploy/prometheus/prometheus.yaml'));
  expect(scrape_configs).toEqual([{ job_name: 'loms', static_configs: [{ targets: ['loms:8081'] }] }]);
  expect(readText('Dockerfile')).toContain('PROBE_PORT=8081');
});
