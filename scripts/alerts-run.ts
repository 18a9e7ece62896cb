/**
 * Real Prometheus scrapes two instances under load, while faults happen to the database and to an instance.
 * Every alert that should fire does, and no other. Time runs ten times as fast in the copy of the rules that
 * is used: its windows, and its times of `for`, are a tenth.
 *
 *     make alerts-run        needs prometheus: in PATH, or PROMETHEUS=path
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { grpcClient } from '../test/support/grpc-client.ts';
import { RULES } from '../test/support/monitoring.ts';
import { freePorts } from '../test/support/ports.ts';
import { asBuilt } from '../test/support/process.ts';
import { query } from '../test/support/query.ts';
import { restClient } from '../test/support/rest-client.ts';
import type { Fault } from './faults/faults/fault.ts';
import { Template } from './faults/servers.ts';
import { type Stage, setStage } from './faults/stage.ts';
import { initialStock } from './faults/stock.ts';

const TIMES_FASTER = 10;
const QUIET_MS = 30_000;
/** The most time from a fault to its alerts, and from its end to a healthy state. */
const LIMIT_MS = 60_000;
const LOAD_PAUSE_MS = 20;
const [SKU = 1] = initialStock.keys();

interface Step {
  readonly title: string;
  readonly begin: (stage: Stage) => Promise<unknown>;
  readonly end?: (stage: Stage) => Promise<unknown> | unknown;
  readonly fires: readonly string[];
  /** What may fire too, by how long the fault lasts. */
  readonly mayFire?: readonly string[];
}

const OUTAGE = ['LomsWritesRefused', 'LomsNodeUnhealthy', 'LomsErrorsBurnFast'];
const MAY_FIRE = ['LomsFeedLag', 'LomsOutcomeUnknown'];

const steps: readonly Step[] = [
  { title: 'no fault', begin: () => sleep(QUIET_MS), fires: [] },
  {
    title: 'an instance is killed',
    begin: ({ services }) => services[1]?.kill() ?? Promise.resolve(),
    end: ({ services }) => services[1]?.start(),
    fires: ['LomsInstanceDown'],
  },
  {
    title: 'the replica is killed',
    begin: ({ replica }) => replica.kill(),
    end: ({ replica }) => replica.start(),
    fires: [...OUTAGE, 'LomsOutcomeUnknown'],
    mayFire: MAY_FIRE,
  },
  {
    title: 'the primary is killed',
    begin: ({ primary }) => primary.kill(),
    end: ({ primary }) => primary.start(),
    fires: [...OUTAGE, 'LomsNoPrimary'],
    mayFire: MAY_FIRE,
  },
  {
    title: 'the replica is suspended',
    begin: ({ replica }) => replica.freeze(),
    end: ({ replica }) => replica.thaw(),
    fires: [...OUTAGE, 'LomsOutcomeUnknown'],
    mayFire: MAY_FIRE,
  },
  {
    title: 'a counter of the stock is changed by hand, and audited',
    begin: async ({ primary, services }) => {
      await query(primary.url, 'UPDATE stocks SET total_count = total_count + 1 WHERE sku = $1', [SKU]);
      await fetch(`http://127.0.0.1:${services[0]?.ports.REST}/stock/audit`, { method: 'POST' });
    },
    fires: ['LomsStockDrift'],
  },
];

/** Makes windows and times of `for` shorter. */
function accelerate(rules: string): string {
  const secondsOf = { s: 1, m: 60, h: 3_600, d: 86_400 };
  return rules.replaceAll(/(\[|for: )(\d+)([smhd])(?=\]|\n)/g, (_, start, count, unit) => {
    return `${start}${(Number(count) * secondsOf[unit as 'm']) / TIMES_FASTER}s`;
  });
}

async function startPrometheus(dir: string, stage: Stage): Promise<{ url: string; kill(): void }> {
  const [port = 0] = await freePorts(1);
  const targets = stage.services.map(({ ports }) => `127.0.0.1:${ports.probe}`);
  await writeFile(join(dir, 'rules.yaml'), accelerate(await readFile(RULES, 'utf8')));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: 'loms', static_configs: [{ targets }] }],
  };
  await writeFile(join(dir, 'prometheus.json'), JSON.stringify(config));
  const args = [
    `--config.file=${join(dir, 'prometheus.json')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = spawn(process.env.PROMETHEUS || 'prometheus', args, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.on('error', (error) => console.error(`prometheus: ${error.message}`));
  return { url: `http://127.0.0.1:${port}`, kill: () => void child.kill('SIGKILL') };
}

/** The names of the alerts that fire. */
async function firing(url: string): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/alerts`).catch(() => undefined);
  if (response?.ok !== true) return [];
  const { data } = (await response.json()) as {
    data: { alerts: { state: string; labels: { alertname: string } }[] };
  };
  const names = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  return [...new Set(names)].sort();
}

/** A light load over both transports of each instance; failures are part of the run. */
function startLoad({ services }: Stage): { stop(): void } {
  let isOver = false;
  const clients = services.flatMap(({ ports }) => [restClient(ports.REST), grpcClient(ports.gRPC)]);
  for (const client of clients) {
    void (async () => {
      while (!isOver) {
        await client.call('createOrder', { user: 1n, items: [{ sku: SKU, count: 1 }] }).catch(() => {});
        await client.call('getStock', { sku: SKU }).catch(() => {});
        await sleep(LOAD_PAUSE_MS);
      }
      client.close();
    })();
  }
  return {
    stop() {
      isOver = true;
    },
  };
}

/** Runs a step. Returns what went wrong. */
async function run({ title, begin, end, fires, mayFire = [] }: Step, stage: Stage, url: string) {
  const startMs = performance.now();
  const before = await firing(url);
  const seen = new Map<string, number>();
  const look = async () => {
    for (const name of await firing(url)) {
      if (!seen.has(name)) seen.set(name, Math.round((performance.now() - startMs) / 1_000));
    }
  };
  await begin(stage);
  const limitMs = performance.now() + LIMIT_MS;
  do {
    await look();
    await sleep(500);
  } while (!fires.every((name) => seen.has(name)) && performance.now() < limitMs);
  await end?.(stage);
  // What a fault has begun may still fire for as long as its windows and times take.
  for (const untilMs = performance.now() + 20_000; performance.now() < untilMs; await sleep(500))
    await look();
  const missing = fires.filter((name) => !seen.has(name));
  const others = [...seen.keys()].filter((name) => ![...fires, ...mayFire, ...before].includes(name));
  const shown = [...seen].map(([name, seconds]) => `${name}${before.includes(name) ? '' : ` ${seconds} s`}`);
  console.log(`${title}: ${shown.join(', ') || 'nothing fires'}`);
  return [
    ...missing.map((name) => `${title}: ${name} does not fire`),
    ...others.map((name) => `${title}: ${name} fires`),
  ];
}

const dir = await mkdtemp(join(tmpdir(), 'loms-alerts-'));
const template = await Template.make(join(dir, 'cluster'));
const stage = await setStage({ template, fault: { services: 2 } as Fault, serviceArgs: asBuilt });
const prometheus = await startPrometheus(dir, stage);
const load = startLoad(stage);
const mistakes: string[] = [];
try {
  for (const step of steps) mistakes.push(...(await run(step, stage, prometheus.url)));
} finally {
  load.stop();
  prometheus.kill();
  await stage.clear();
  await rm(dir, { recursive: true, force: true });
}
for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exitCode = 1;
