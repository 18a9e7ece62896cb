/** The log of a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const EXIT_CODE = 7;

/** The writer of a terminal's log runs in a thread, which ends when the terminal has been closed. */
const program = `
  import { pino } from 'pino';
  import { openLog } from './src/telemetry/log.ts';
  process.stdout.isTTY = true;
  const logger = openLog('info');
  logger[pino.symbols.streamSym].emit('error', new Error('the worker has exited'));
  process.exit(${EXIT_CODE});`;

test('a terminal that is closed does not end the process that logs to it', async () => {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  expect(await once(child, 'exit')).toEqual([EXIT_CODE, null]);
});
