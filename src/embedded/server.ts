/**
 * One PostgreSQL server: a data folder, a log file, and the process that works on them, if one does.
 * PostgreSQL's own lock file decides which one that is: postmaster.pid in the data folder.
 */
import { readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataFolderOf } from './client.ts';
import { execute } from './command.ts';
import { makeFolderFor, passwordsOf, writeFor } from './data.ts';
import type { Place } from './place.ts';
import { type Conf, urlOf } from './settings.ts';

/** `fast` ends sessions and writes a checkpoint; `immediate` is like a crash, nothing committed is lost. */
export type StopMode = 'fast' | 'immediate';

const START_LIMIT_S = 60;
/** Two servers that do not stop by themselves take less than half a minute together. */
const STOP_LIMIT_S = { fast: 8, immediate: 4 };
/** What pg_ctl may need beyond the limit that it keeps itself. */
const PG_CTL_GRACE_MS = 5_000;
/** How long the processes of a killed server may take to notice that it is gone. */
const LOCKED_LIMIT_MS = 15_000;
/** What a server logs when another one, or such processes, work on its data. */
const LOCKED = /lock file "postmaster.pid" already exists|pre-existing shared memory block/;
const POLL_INTERVAL_MS = 50;

/** The live process that holds a lock file, and where it listens. */
interface Holder {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly isReady: boolean;
}

export class PostgresServer {
  readonly dataDir: string;
  /** Where the server listens, or did last; 0 before a start. */
  port = 0;
  /** The superuser's URL of the server on that port. */
  url = '';
  /** Who started the server that runs; undefined when none does. */
  startedBy: 'us' | 'others' | undefined;
  readonly #logFile: string;
  readonly #place: Place;

  constructor(dataDir: string, logFile: string, place: Place) {
    this.dataDir = dataDir;
    this.#logFile = logFile;
    this.#place = place;
  }

  /**
   * Attaches to the server that runs on the data, or starts one, and waits until it accepts connections,
   * after a crash also until it has recovered.
   *
   * @param conf is written before a start; a server that runs keeps its own.
   * @throws with the server's log when it does not come up; code EADDRINUSE when its port is in use.
   */
  async start(conf?: Conf): Promise<void> {
    const deadlineMs = performance.now() + LOCKED_LIMIT_MS;
    while (!(await this.#attach())) {
      if (conf !== undefined) await writeFor(this.#place, join(this.dataDir, 'postgresql.conf'), conf.text);
      await makeFolderFor(this.#place, dirname(this.#logFile));
      await rename(this.#logFile, `${this.#logFile}.old`).catch(() => {});
      const { status, output } = await this.#pgCtl('start', START_LIMIT_S, '-l', this.#logFile);
      // For a replica, pg_ctl takes a failed start for a shutdown at a recovery target, which is a success.
      if (status === 0) {
        this.startedBy = 'us';
        if (await this.#attach()) return;
      }
      if (output.includes('did not start in time')) await this.stop('immediate');
      const log = await readText(this.#logFile);
      // Another process may have started it in this moment: the next round attaches to that one.
      if (LOCKED.test(log) && performance.now() < deadlineMs) continue;
      if (conf !== undefined && log.includes('Address already in use')) {
        const message = `port ${conf.port} on 127.0.0.1 is in use: set ${conf.portVariable} to another port`;
        throw Object.assign(new Error(message), { code: 'EADDRINUSE' });
      }
      throw new Error(`PostgreSQL in ${this.dataDir} does not start: ${output.trim()}\n${log.trim()}`);
    }
  }

  /**
   * Stops the server that runs, started by any process. A fast stop that takes too long becomes an immediate
   * one, and a server that does not end then either (it may be suspended) is killed.
   */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    const holder = await this.#holder();
    if (holder !== undefined && !(mode === 'fast' && (await this.#tryStop('fast')))) {
      if (!(await this.#tryStop('immediate'))) await this.#pgCtl('kill', 0, 'KILL', String(holder.pid));
    }
    this.startedBy = undefined;
  }

  /** Ends a replica's recovery and waits until it accepts writes; throws when it does not. */
  async promote(): Promise<void> {
    const { status, output } = await this.#pgCtl('promote', START_LIMIT_S);
    if (status !== 0) throw new Error(`PostgreSQL in ${this.dataDir} is not promoted: ${output.trim()}`);
  }

  /** Waits until the server that runs on the data answers, and returns false when none runs. */
  async #attach(): Promise<boolean> {
    const deadlineMs = performance.now() + START_LIMIT_S * 1_000;
    for (;;) {
      const holder = await this.#holder();
      this.startedBy = holder && (this.startedBy ?? 'others');
      if (holder === undefined) return false;
      this.port = holder.port;
      this.url = holder.url;
      if (holder.isReady) return true;
      if (performance.now() > deadlineMs) {
        throw new Error(`process ${holder.pid} holds ${this.dataDir} but does not answer: stop it`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }

  /**
   * The live process that holds the lock file. The file may be left from a server that was killed, and its
   * process id may belong to something else by now. A server that is ready listens on the port in its file:
   * where nothing does, or a server of other data, the file is removed. Should processes of the killed server
   * still use its shared memory, PostgreSQL refuses to start without the file too.
   */
  async #holder(): Promise<Holder | undefined> {
    const file = join(this.dataDir, 'postmaster.pid');
    const text = await readText(file);
    const lines = text.split('\n');
    const [pid, port, isUp] = [Number(lines[0]), Number(lines[3]), lines[7]?.trim() === 'ready'];
    if (!(pid > 0)) return undefined;
    const url = urlOf(port, (await passwordsOf(this.dataDir)).superuser);
    const found = await dataFolderOf(url).catch((error) => error.code);
    if (found === (await realpath(this.dataDir))) return { pid, port, url, isReady: true };
    if (!(await this.#isLocked())) return undefined;
    const isElsewhere = found === 'ECONNREFUSED' || String(found).startsWith('/');
    if (!isUp || !isElsewhere) return { pid, port, url, isReady: false };
    // Unless another process has removed it already, and started a server.
    if (text === (await readText(file))) await rm(file, { force: true });
    return undefined;
  }

  async #isLocked(): Promise<boolean> {
    return (await this.#pgCtl('status', 0)).status === 0;
  }

  async #tryStop(mode: StopMode): Promise<boolean> {
    const { status } = await this.#pgCtl('stop', STOP_LIMIT_S[mode], '-m', mode);
    return status === 0 || !(await this.#isLocked());
  }

  #pgCtl(command: string, limitS: number, ...args: string[]) {
    const { bin, account } = this.#place;
    const all = [command, ...args, '-D', this.dataDir, '-s', '-w', '-t', String(limitS)];
    return execute(join(bin, 'pg_ctl'), all, { account, limitMs: limitS * 1_000 + PG_CTL_GRACE_MS });
  }
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
