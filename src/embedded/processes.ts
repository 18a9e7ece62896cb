/**
 * What can be told of a process by its id. Ids are used again, in containers often after a restart, so an
 * id alone does not prove that a process is the one that was meant.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PS_LIMIT_MS = 5_000;

/** Says whether a process with this id runs, whoever owns it. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A process that has ended but was not yet waited for (a container's first process may never do so)
  // takes signals like a live one.
  const [state] = await statusOf(pid);
  return state !== 'Z' && state !== 'X';
}

/**
 * Tells when a process began, in a form that is good for comparison only: two processes that shared an id
 * differ in it.
 *
 * @returns undefined where the system does not tell (it is told on Linux).
 */
export async function startOf(pid: number): Promise<string | undefined> {
  return (await statusOf(pid))[19];
}

/** The command line of a process as one text; empty when there is no such process. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.replaceAll('\0', ' ');
  }
  const options = { timeout: PS_LIMIT_MS };
  const answer = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)], options).catch(
    () => undefined,
  );
  return answer?.stdout ?? '';
}

/** The fields of /proc/PID/stat behind the command's name; none on other systems than Linux. */
async function statusOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name stands in brackets and may itself hold brackets and blanks.
  return text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
}
