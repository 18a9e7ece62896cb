/** Plans of generated statements. */
import type { Queryable } from '../../src/db/types.ts';
import type { TestDatabase } from './database.ts';

/** The plan that a connection keeps of a statement: the same for all values. */
export async function planOf(
  database: Pick<TestDatabase, 'query'>,
  run: (db: Queryable) => Promise<unknown>,
): Promise<string> {
  let sent = '';
  const db: Queryable = {
    query: async (text) => {
      sent = text;
      return { rows: [], rowCount: 0 };
    },
  };
  await run(db);
  const rows = await database.query(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${sent}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
