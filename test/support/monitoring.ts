/** What is deployed beside the service to watch it: the rules of Prometheus and the dashboard of Grafana. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './root.ts';

export const RULES = 'deploy/prometheus/loms.rules.yaml';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

export interface Rules {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly (RecordingRule | AlertRule)[];
  }[];
}

export function readRules(): Rules {
  return parse(readFileSync(join(root, RULES), 'utf8'));
}

export function alerts(): AlertRule[] {
  return readRules().groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
}
