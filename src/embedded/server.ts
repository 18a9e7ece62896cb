/**
 * One PostgreSQL server: a data folder, a log file, and the process that works on them.
 */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Binaries } from './binaries.ts';
import { type Account, execute, run } from './command.ts';
import { commandLineOf, isAlive } from './processes.ts';
import { writeFor } from './settings.ts';

/** `fast` ends sessions and writes a checkpoint; `immediate` is like a crash, nothing committed is lost. */
export type StopMode = 'fast' | 'immediate';

/** What all servers of one cluster share. */
export interface Tools {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly logger: Logger;
}

const START_LIMIT_S = 60;
const FAST_STOP_LIMIT_S = 10;
const IMMEDIATE_STOP_LIMIT_S = 8;
/** What pg_ctl may need beyond the limit that it keeps itself. */
const PG_CTL_GRACE_MS = 5_000;
/** How long the processes of a killed server may take to notice that it is gone. */
const ORPHANS_LIMIT_MS = 15_000;
const ORPHANS_RETRY_INTERVAL_MS = 200;
/** What a server writes to its log when such processes still work on its data. */
const HELD_BY_OTHERS = ['pre-existing shared memory block', 'lock file "postmaster.pid" already exists'];
const LOG_MAX_BYTES = 16 * 1024 * 1024;
const LOG_TAIL_MAX_BYTES = 4 * 1024;
/** An id that no process can have. */
const NO_PID = 2 ** 31 - 1;

export class PostgresServer {
  readonly dataDir: string;
  private readonly logFile: string;
  private readonly tools: Tools;

  constructor(dataDir: string, logFile: string, tools: Tools) {
    this.dataDir = dataDir;
    this.logFile = logFile;
    this.tools = tools;
  }

  /**
   * Starts the server and waits until it accepts connections, after a crash also until it has recovered.
   *
   * @throws with the end of the server's log when it does not come up.
   */
  async start(): Promise<void> {
    await this.keepLogSmall();
    const deadlineMs = Date.now() + ORPHANS_LIMIT_MS;
    for (;;) {
      const before = await sizeOf(this.logFile);
      const args = ['start', '-s', '-w', '-t', String(START_LIMIT_S), '-D', this.dataDir, '-l', this.logFile];
      const { status, output } = await this.pgCtl(args, START_LIMIT_S);
      if (status === 0) return;
      const log = await this.logSince(before);
      const isHeld = HELD_BY_OTHERS.some((message) => log.includes(message));
      if (!isHeld || Date.now() > deadlineMs) {
        // pg_ctl may have given up on a server that still tries.
        await this.stop('immediate');
        throw new Error(`PostgreSQL in ${this.dataDir} does not start: ${output.trim()}\n${log.trim()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ORPHANS_RETRY_INTERVAL_MS));
    }
  }

  /**
   * Stops the server if it runs. A fast stop that takes too long becomes an immediate one, and a server that
   * does not even end then (it may be suspended) is killed, so this ends within half a minute.
   */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    if (mode === 'fast' && (await this.tryStop('fast', FAST_STOP_LIMIT_S))) return;
    if (await this.tryStop('immediate', IMMEDIATE_STOP_LIMIT_S)) return;
    const pid = await this.runningPid();
    if (pid !== undefined) await this.pgCtl(['kill', 'KILL', String(pid)], IMMEDIATE_STOP_LIMIT_S);
  }

  /**
   * Ends a replica's recovery and waits until it takes writes.
   *
   * @throws when it does not, or is none.
   */
  async promote(): Promise<void> {
    const args = ['promote', '-s', '-w', '-t', String(START_LIMIT_S), '-D', this.dataDir];
    const { status, output } = await this.pgCtl(args, START_LIMIT_S);
    if (status !== 0) throw new Error(`PostgreSQL in ${this.dataDir} is not promoted: ${output.trim()}`);
  }

  /** Runs statements on the stopped server's data. The first that fails ends it. */
  async runSingleUser(statements: readonly string[]): Promise<void> {
    // Nothing can confirm a commit here, so none may wait for it.
    const settings = ['-c', 'exit_on_error=on', '-c', 'synchronous_standby_names='];
    await run(this.tools.binaries.postgres, ['--single', '-D', this.dataDir, ...settings, 'postgres'], {
      account: this.tools.account,
      input: `${statements.join('\n')}\n`,
      limitMs: START_LIMIT_S * 1_000,
    });
  }

  /** Returns whether no server runs any more. */
  private async tryStop(mode: StopMode, limitS: number): Promise<boolean> {
    if ((await this.runningPid()) === undefined) return true;
    const args = ['stop', '-s', '-w', '-m', mode, '-t', String(limitS), '-D', this.dataDir];
    const { status, output } = await this.pgCtl(args, limitS);
    if (status === 0 || (await this.runningPid()) === undefined) return true;
    this.tools.logger.warn(
      { dataDir: this.dataDir, mode, output: output.trim() },
      'PostgreSQL does not stop',
    );
    return false;
  }

  /**
   * The id of the server that runs on this data folder, if one does. Its file of the id may be older than the
   * last crash, and the id may belong to something else by now, which must neither be signalled nor keep
   * the server from starting.
   */
  private async runningPid(): Promise<number | undefined> {
    const file = join(this.dataDir, 'postmaster.pid');
    const text = await readFile(file, 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    if (!(pid > 0) || !(await isAlive(pid))) return undefined;
    if ((await commandLineOf(pid)).includes(this.dataDir)) return pid;
    // Only the id is replaced, not the file removed: its other lines let the next server see whether
    // processes of the old one still work on the data.
    await writeFor(this.tools.account, file, text.replace(/^\d+/, String(NO_PID)));
    return undefined;
  }

  private pgCtl(args: readonly string[], limitS: number) {
    const { binaries, account } = this.tools;
    return execute(binaries.pgCtl, args, { account, limitMs: limitS * 1_000 + PG_CTL_GRACE_MS });
  }

  /** Begins a new log file when the old one is large; one old file is kept. */
  private async keepLogSmall(): Promise<void> {
    if ((await sizeOf(this.logFile)) > LOG_MAX_BYTES) await rename(this.logFile, `${this.logFile}.old`);
  }

  private async logSince(offset: number): Promise<string> {
    const start = Math.max(offset, (await sizeOf(this.logFile)) - LOG_TAIL_MAX_BYTES);
    const file = await open(this.logFile).catch(() => undefined);
    if (file === undefined) return '';
    try {
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(LOG_TAIL_MAX_BYTES),
        position: start,
      });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}
