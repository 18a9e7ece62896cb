/** The audit as operators run it: the command with its exit code and output, and the endpoint. */
import { execFile } from 'node:child_process';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { FINDINGS_MAX } from '../../src/domain/stock/findings.ts';
import { useDatabase } from '../support/database.ts';
import { freePorts } from '../support/ports.ts';
import { compiled } from '../support/programs.ts';
import { root } from '../support/root.ts';
import { startService } from '../support/service.ts';

const database = useDatabase();
const starting: Promise<{ stop(): Promise<void> }>[] = [];
afterAll(async () => {
  for (const service of starting) await (await service).stop();
});

const SKU = 2958025;

/** Runs the command on the database of this file. */
function audit(...flags: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: database.primaryUrl,
    DATABASE_REPLICA_URLS: database.replicaUrls.join(','),
    LOG_LEVEL: 'info',
  };
  const args = [...compiled('cli/tasks'), 'audit', ...flags];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env }, (error, output, errors) => {
      resolve({ code: error ? Number(error.code) : 0, output, errors });
    });
  });
}

beforeEach(() => database.query('UPDATE stocks SET reserved = 0 WHERE sku = $1', [SKU]));

test('without a fault the exit code is 0, and the output is a summary', async () => {
  const { code, output } = await audit();
  expect(output).toMatch(/^16 skus, \d+ movements and \d+ order lines: 0 faults\n$/);
  expect(code).toBe(0);
});

test('a fault is printed, the exit code is 2, a repair ends it, and is in the history', async () => {
  await database.query('UPDATE stocks SET reserved = 5 WHERE sku = $1', [SKU]);
  const found = await audit('--json');
  expect(JSON.parse(found.output)).toMatchObject({
    findingCount: 2,
    findings: [
      { finding: 'counters', sku: SKU },
      { finding: 'reserved', sku: SKU, detail: '5 pieces are reserved, open orders hold 0' },
    ],
    repairs: [],
  });
  expect(found.code).toBe(2);

  const repaired = await audit('--repair');
  expect(repaired.output).toMatch(/^sku 2958025: repaired\n16 skus, .* 0 faults\n$/);
  expect(repaired.code).toBe(0);
  const [movement] = await database.query(
    'SELECT kind, reason, reserved_after FROM stock_movements WHERE sku = $1 ORDER BY version DESC LIMIT 1',
    [SKU],
  );
  expect(movement).toEqual({ kind: 'adjusted', reason: 'repair', reserved_after: '0' });
});

test('a repair goes on until nothing is left that it can end, also past the first findings', async () => {
  await database.query(
    `INSERT INTO stocks (sku, total_count, reserved)
     SELECT sku, 9, 1 FROM generate_series(1, $1::int) AS sku`,
    [FINDINGS_MAX + 1],
  );
  const { output, code } = await audit('--repair');
  expect(output).toMatch(/\n1017 skus, .* 0 faults\n$/);
  expect(code).toBe(0);
  await database.query('DELETE FROM stock_movements WHERE sku <= $1', [FINDINGS_MAX + 1]);
  await database.query('DELETE FROM stocks WHERE sku <= $1', [FINDINGS_MAX + 1]);
});

test('an unknown flag is a failure', async () => {
  expect(await audit('--fix')).toMatchObject({ code: 1, output: '' });
});

test('an instance audits in the background and shows the result, also in its metrics', async () => {
  await database.query('UPDATE stocks SET reserved = 5 WHERE sku = $1', [SKU]);
  const [probePort = 0] = await freePorts(1);
  const metrics = async () => (await fetch(`http://127.0.0.1:${probePort}/metrics`)).text();
  const service = startService(database, { PROBE_PORT: String(probePort) });
  starting.push(service);
  const { app } = await service;
  const url = `http://127.0.0.1:${app.httpPort}/stock/audit`;
  expect(await metrics()).not.toMatch(/^loms_audit_(findings|age_seconds) [^N]/m);
  expect(await (await fetch(url, { method: 'POST' })).json()).toEqual({ running: true });
  const ended = async () => {
    const state = (await (await fetch(url)).json()) as { running: boolean; last?: object };
    expect(state.running).toBe(false);
    return state.last;
  };
  await expect.poll(ended, { timeout: 30_000, interval: 200 }).toMatchObject({
    outcome: 'done',
    findings: [
      { finding: 'counters', sku: SKU },
      { finding: 'reserved', sku: SKU },
    ],
  });
  const shown = await metrics();
  expect(shown).toMatch(/^loms_audit_findings 2$/m);
  expect(shown).toMatch(/^loms_audit_age_seconds [\d.e-]+$/m);
});
