/** The short fault run: a few kinds of fault, each with one seed. The long one is `make faults`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';

const LIMIT_MS = 180_000;
let child: ChildProcess | undefined;

afterEach(async () => {
  // It ends its servers by itself when it is asked to.
  if (child === undefined || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
});

test(
  'under a few kinds of fault nothing is lost, nothing applied twice and nothing oversold',
  async () => {
    const args = ['--import', 'tsx', 'scripts/faults/main.ts', '--quick'];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        output += data;
      });
    }
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/service-kill +seed 1 +ok/) });
  },
  LIMIT_MS,
);
