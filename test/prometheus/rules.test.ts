/** The rules of deploy/prometheus: valid, and each alert fires when it should and not when it should not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alerts, RULES } from '../support/monitoring.ts';
import { root } from '../support/root.ts';
import { type Case, cases, healthy } from './cases.ts';
import { promtool } from './promtool.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'loms-rules-'));
});

afterAll(() => rmSync(dir, { recursive: true }));

test('the configuration and the rules are valid', () => {
  promtool(['check', 'config', '--lint=all', '--lint-fatal', 'deploy/prometheus/prometheus.yaml']);
  promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES]);
});

test.each(cases)('$title', (each) => {
  const file = join(dir, 'test.json');
  writeFileSync(file, JSON.stringify(ruleTest(each)));
  promtool(['test', 'rules', file]);
});

test('every alert fires in some case', () => {
  const fired = cases.flatMap(({ firing }) => Object.values(firing).flat());
  expect([...new Set(fired)].sort()).toEqual(
    alerts()
      .map(({ alert }) => alert)
      .sort(),
  );
});

/** A case as a file of promtool's tests. JSON is YAML. */
function ruleTest({ first, both, stepMinutes = 1, firing }: Case) {
  const series = { one: { ...healthy, ...both, ...first }, two: { ...healthy, ...both } };
  const input = Object.entries(series).flatMap(([instance, samples]) =>
    Object.entries(samples).flatMap(([name, values]) =>
      values === undefined ? [] : [{ series: labelled(name, instance), values }],
    ),
  );
  return {
    rule_files: [join(root, RULES)],
    evaluation_interval: `${stepMinutes}m`,
    tests: [
      {
        interval: `${stepMinutes}m`,
        input_series: input,
        promql_expr_test: Object.entries(firing).map(([minute, names]) => ({
          expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${minute}m`,
          exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
        })),
      },
    ],
  };
}

/** Adds the labels of a scrape to a series. */
function labelled(series: string, instance: string): string {
  const [name, labels] = series.split(/[{}]/);
  return `${name}{job="loms",instance="${instance}"${labels ? `,${labels}` : ''}}`;
}
