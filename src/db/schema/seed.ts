/** Seeds: sets of stock for development and load tests, and the refill of both. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type WaitOptions, withClient } from './client.ts';

const seedsDir = fileURLToPath(new URL('../../../db/seeds', import.meta.url));

/**
 * Adds the stock of a seed set; stock that exists is left as it is. The set `refill` adds to the stock of the
 * others what has been sold of it.
 *
 * @param url the primary.
 * @param name a file of `db/seeds`, without its ending.
 * @param options how long to wait for a connection.
 * @throws when there is no such set.
 */
export async function seed(url: string, name: string, log: Logger, options: WaitOptions = {}): Promise<void> {
  const names = (await readdir(seedsDir)).map((file) => file.replace(/\.sql$/, ''));
  if (!names.includes(name)) throw new Error(`no seed set '${name}', there is: ${names.join(', ')}`);
  const text = await readFile(`${seedsDir}/${name}.sql`, 'utf8');
  const { rowCount } = await withClient(url, log, options, (client) => client.query(text, []));
  log.info({ seed: name, added: rowCount }, 'seeded stock');
}
