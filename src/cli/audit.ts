/** The audit of stock as a command: prints its findings, and repairs them on request. */
import { stringify } from 'lossless-json';
import { auditOptions, type openDatabase } from '../app.ts';
import type { AuditReport } from '../domain/stock/audit.ts';
import type { Finding } from '../domain/stock/findings.ts';
import { repairStock } from '../domain/stock/repair.ts';
import { auditSlowly } from '../workers/audit-stock.ts';

export const AUDIT_USAGE = 'audit [--json] [--repair]';

/** Exit code where faults are left. 1 is that of a failure. */
const FAULTS = 2;

const known: readonly string[] = ['--json', '--repair'];

export type Router = Awaited<ReturnType<typeof openDatabase>>;

/** What a repair can end. */
const repairable: readonly Finding['finding'][] = ['counters', 'reserved'];

/**
 * Audits the stock, and with `--repair` repairs what can be repaired and audits again.
 *
 * @param print writes a line.
 * @returns the exit code.
 * @throws for an unknown flag, and where the database cannot be read or written.
 */
export async function audit(
  router: Router,
  flags: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined) throw new Error(`unknown flag ${unknown}; usage: tasks ${AUDIT_USAGE}`);
  const isJson = flags.includes('--json');
  let report = await auditSlowly(auditOptions(router));
  const repairs = [];
  if (flags.includes('--repair')) {
    const faulty = report.findings.filter(({ finding }) => repairable.includes(finding));
    for (const sku of new Set(faulty.map((each) => each.sku))) {
      repairs.push(await router.write((tx) => repairStock(tx, sku)));
    }
    if (repairs.length > 0) report = await auditSlowly(auditOptions(router));
  }
  if (isJson) print(stringify({ ...report, repairs }) ?? '');
  else {
    for (const { sku, outcome } of repairs) print(`sku ${sku}: ${outcome}`);
    for (const line of textOf(report)) print(line);
  }
  return report.findingCount === 0 ? 0 : FAULTS;
}

function textOf({ findings, findingCount, skus, unsettledSkus, movements, lines }: AuditReport): string[] {
  const found = findings.map(({ finding, sku, version, detail }) => {
    const place = version === undefined ? '' : `, version ${version}`;
    return `${finding}: sku ${sku}${place}: ${detail}`;
  });
  const left = findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : [];
  const unsettled =
    unsettledSkus > 0 ? `; ${unsettledSkus} skus changed too fast to be compared exactly` : '';
  return [
    ...found,
    ...left,
    `${skus} skus, ${movements} movements and ${lines} order lines: ${findingCount} faults${unsettled}`,
  ];
}
