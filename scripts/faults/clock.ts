/** A wall clock of its own for each process of the service, by libfaketime, where that is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

const LIBRARIES = '/usr/lib';

/** The library that LIBFAKETIME names, or the one that Debian installs. */
function findLibrary(): string | undefined {
  const { LIBFAKETIME: named = '' } = process.env;
  const folders = existsSync(LIBRARIES) ? readdirSync(LIBRARIES) : [];
  const installed = folders.map((folder) => `${LIBRARIES}/${folder}/faketime/libfaketimeMT.so.1`);
  return [named, ...installed].find((path) => existsSync(path));
}

/** Why no process can have a clock of its own here; undefined where it can. */
export async function clockObstacle(): Promise<string | undefined> {
  return findLibrary() === undefined ? 'libfaketime is not installed' : undefined;
}

export class WallClock {
  readonly #file: string;

  /** @param file from which the library reads how far the clock is ahead. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The environment of the process. The monotonic clock stays as it is, as when a real clock is set. */
  get settings(): Record<string, string> {
    return {
      LD_PRELOAD: findLibrary() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Sets the clock: the process sees it within about a second. */
  async setAhead(seconds: number): Promise<void> {
    await writeFile(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }
}
