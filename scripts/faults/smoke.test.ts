/** The short fault run: a few kinds of fault, each with one seed. The long one is `make faults`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { Figure } from '../lib/report.ts';
import { quickKinds } from './faults/table.ts';
import type { RunResult } from './run.ts';

const FOLDER = 'build/faults';
const LIMIT_MS = 180_000;
let child: ChildProcess | undefined;

afterEach(async () => {
  // On a signal it stops its servers before it ends.
  if (child === undefined || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
});

/** The entries of a run's history of one type. */
async function historyOf(kind: string, type: string): Promise<{ readonly text?: string }[]> {
  const packed = await readFile(`${FOLDER}/${kind}-1/history.jsonl.gz`);
  const lines = (await promisify(gunzip)(packed)).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((entry) => entry.type === type);
}

/** What a run shows of what went wrong: whole only where no line does. */
function wrongRuns(output: string): string {
  const lines = output.split('\n').filter((line) => / WRONG | {4}\S|could not be run|failed/.test(line));
  return lines.length > 0 ? lines.join('\n') : output;
}

test(
  'under a few kinds of fault nothing is lost, nothing applied twice and nothing oversold',
  async () => {
    await rm(FOLDER, { recursive: true, force: true });
    const args = ['--import', 'tsx', 'scripts/faults/main.ts', '--quick'];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        output += data;
      });
    }
    const [code] = await once(child, 'close');
    expect(code, wrongRuns(output)).toBe(0);

    const summary = JSON.parse(await readFile(`${FOLDER}/summary.json`, 'utf8'));
    const { figures, results }: { figures: Figure[]; results: RunResult[] } = summary;
    expect(results.map(({ kind, seed, skipped, violations }) => [kind, seed, skipped, violations])).toEqual(
      quickKinds.map((kind) => [kind, 1, undefined, []]),
    );
    const counts = figures.filter(({ wanted }) => wanted === '0' || wanted === 'all');
    expect(counts.length).toBeGreaterThan(10);
    expect(counts.filter(({ reached }) => reached === false)).toEqual([]);
    for (const { kind, calls, orders, feed } of results) {
      expect(orders, kind).toBeGreaterThan(0);
      expect(Math.min(...Object.values(feed.events)), kind).toBeGreaterThan(0);
      expect((await historyOf(kind, 'page')).length, kind).toBeGreaterThan(0);
      expect(await historyOf(kind, 'call')).toHaveLength(calls);
      expect((await historyOf(kind, 'sample')).length, kind).toBeGreaterThan(0);
      expect((await historyOf(kind, 'core wait')).length, kind).toBeGreaterThan(0);
      expect(await historyOf(kind, 'event')).toContainEqual(
        expect.objectContaining({ text: `inject: ${kind}` }),
      );
    }
    const by = Object.fromEntries(results.map((result) => [result.kind, result]));
    expect(by['service-terminate']?.stops).toBe(3);
    expect(by['service-kill']?.unknown).toBeGreaterThan(0);
    expect(by['duplicate-keys']?.replayed).toBeGreaterThan(0);
    expect(by['reset-bursts']?.probes.count).toBeGreaterThan(0);
  },
  LIMIT_MS,
);
