/** Audits the ledger of both servers during a run. */
import pg from 'pg';
import { auditLedger } from '../lib/ledger-audit.ts';
import type { History, Sample } from './history.ts';
import { statements } from './statements.ts';

const INTERVAL_MS = 200;
const LIMIT_MS = 1_000;

/** Audits both nodes at intervals until it is stopped. A node that does not answer is tried again. */
export class Sampler {
  readonly #history: History;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(history: History, urls: Readonly<Record<Sample['node'], string>>) {
    this.#history = history;
    this.#loops = (['primary', 'replica'] as const).map((node) => this.#loop(node, urls[node]));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(node: Sample['node'], url: string): Promise<void> {
    let client: pg.Client | undefined;
    while (!this.#stopped) {
      try {
        client ??= await connect(url);
        const audit = await auditLedger(client);
        const { rows } = await client.query(statements.overdueRead);
        const { overdue_ms: overdueMs, timeline } = rows[0];
        this.#history.samples.push({ node, atMs: this.#history.now(), overdueMs, timeline, ...audit });
      } catch {
        void client?.end().catch(() => {});
        client = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    void client?.end().catch(() => {});
  }
}

async function connect(url: string): Promise<pg.Client> {
  const limits = { connectionTimeoutMillis: LIMIT_MS, query_timeout: LIMIT_MS };
  const client = new pg.Client({ connectionString: url, application_name: 'faults', ...limits });
  client.on('error', () => {});
  await client.connect();
  return client;
}
