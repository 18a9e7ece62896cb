/**
 * Imports and exports stock as CSV files, through the REST interface of a service that runs:
 *
 *     node dist/cli/stock-files.js import FILE           checks the file and shows what would be done
 *     node dist/cli/stock-files.js import FILE --yes     does it; safe to repeat
 *     node dist/cli/stock-files.js export [FILE]         writes all stock to a file, or to standard output
 *
 * docs/stock-files.md has the columns and the reasons.
 *
 * Exit codes: 0 done; 1 nothing was done, or not everything; 2 done but for rows that were refused.
 */
import { createWriteStream } from 'node:fs';
import { readFile, rename, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ConfigError, readClientConfig } from '../config/config.ts';
import { compareWithStock, describeComparison } from '../stock-files/compare.ts';
import { FILE_MAX_BYTES, FileRefused, TOO_LARGE } from '../stock-files/csv.ts';
import { exportStock } from '../stock-files/export.ts';
import { writeImport } from '../stock-files/import.ts';
import { describePlan, planImport, plural, type RefusedRow } from '../stock-files/plan.ts';
import { Progress } from '../stock-files/progress.ts';
import { refusedRows } from '../stock-files/refused-rows.ts';
import { Rest, ServiceRefused } from '../stock-files/rest.ts';

const USAGE = 'usage: stock-files import FILE [--yes] [--skip-refused] [--refused-to FILE] | export [FILE]';

const DONE = 0;
const NOT_DONE = 1;
const DONE_BUT_REFUSED = 2;

const print = (line: string) => void process.stdout.write(`${line}\n`);
/** In place of the progress bar, where there is one. */
const complain = (line: string) =>
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}${line}\n`);
const printRefused = ({ row, problem }: RefusedRow) => print(`row ${row}: ${problem}`);

interface ImportOptions {
  /** Whether to write; without it the file is only checked. */
  readonly yes: boolean;
  /** Whether to write the other rows where some are refused by the check. */
  readonly skipRefused: boolean;
  /** Where the refused rows are written. */
  readonly refusedTo: string | undefined;
}

async function importFile(path: string, rest: Rest, options: ImportOptions): Promise<number> {
  const bytes = await readStockFile(path);
  const plan = await planImport(bytes);
  for (const row of plan.refused) printRefused(row);
  for (const line of describePlan(plan)) print(line);
  const hasRefused = plan.refused.length > 0;
  if (!options.yes || (hasRefused && !options.skipRefused)) {
    await writeRefused(bytes, plan.refused, options);
    if (!options.yes) describeComparison(await compareWithStock(plan, rest)).forEach(print);
    if (hasRefused) print('nothing was written, because rows are refused; --skip-refused writes the others');
    else print('nothing was written; --yes writes it');
    return hasRefused ? NOT_DONE : DONE;
  }
  const refused = [...plan.refused];
  const total = plan.batches.reduce((sum, { lines }) => sum + lines.length, 0);
  const progress = new Progress(process.stderr, 'rows', total);
  const events = {
    onProgress: (rows: number) => progress.update(rows),
    onRefused(row: RefusedRow) {
      refused.push(row);
      progress.above(() => printRefused(row));
    },
  };
  const { written, before } = await writeImport(plan, rest, events).catch((error) => {
    progress.end();
    complain('the import stopped: repeat it, what is written is not written again');
    throw error;
  });
  progress.end();
  await writeRefused(bytes, refused, options);
  print(`${plural(written, 'row')} written, ${before.toLocaleString('en')} of them by an earlier run`);
  if (refused.length === 0) return DONE;
  print(`${plural(refused.length, 'row')} refused: import them again in a file of their own`);
  return DONE_BUT_REFUSED;
}

async function readStockFile(path: string): Promise<Buffer> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new FileRefused(`${path} is no regular file`);
  if (stats.size > FILE_MAX_BYTES) throw new FileRefused(TOO_LARGE);
  return readFile(path);
}

async function writeRefused(bytes: Buffer, refused: readonly RefusedRow[], { refusedTo }: ImportOptions) {
  if (refusedTo === undefined || refused.length === 0) return;
  await pipeline(Readable.from(refusedRows(bytes, refused)), createWriteStream(refusedTo));
}

/** A file gets its name when it is complete. */
async function exportFile(path: string | undefined, rest: Rest): Promise<number> {
  const progress = new Progress(process.stderr, 'skus');
  const pieces = Readable.from(exportStock(rest, (skus) => progress.update(skus)));
  if (path === undefined) await pipeline(pieces, process.stdout);
  else {
    await pipeline(pieces, createWriteStream(`${path}.part`));
    await rename(`${path}.part`, path);
  }
  progress.end();
  return DONE;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        yes: { type: 'boolean', default: false },
        'skip-refused': { type: 'boolean', default: false },
        'refused-to': { type: 'string' },
      },
    });
  } catch (error) {
    throw new FileRefused(`${(error as Error).message}\n${USAGE}`);
  }
}

async function run(): Promise<number> {
  const { positionals, values } = readArguments();
  const [task, path, ...more] = positionals;
  const isKnown = task === 'export' || (task === 'import' && path !== undefined);
  if (!isKnown || more.length > 0) throw new FileRefused(USAGE);
  const onRetry = (cause: string) => complain(`trying again: ${cause}`);
  const rest = new Rest({ ...readClientConfig(process.env), pause, onRetry });
  if (task === 'export' || path === undefined) return exportFile(path, rest);
  const { yes, 'skip-refused': skipRefused, 'refused-to': refusedTo } = values;
  return importFile(path, rest, { yes, skipRefused, refusedTo });
}

try {
  process.exitCode = await run();
} catch (error) {
  const isExpected = [ConfigError, FileRefused, ServiceRefused].some((kind) => error instanceof kind);
  const isOfSystem = error instanceof Error && 'code' in error;
  complain(isExpected || isOfSystem ? (error as Error).message : String((error as Error).stack));
  process.exitCode = NOT_DONE;
}
