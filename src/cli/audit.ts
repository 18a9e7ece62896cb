/** The audit of stock as a command: prints its findings, and repairs them on request. */
import { stringify } from 'lossless-json';
import { auditOptions, type openDatabase } from '../app/app.ts';
import type { AuditReport } from '../domain/stock/audit.ts';
import type { Finding } from '../domain/stock/findings.ts';
import { type Repair, repairStock } from '../domain/stock/repair.ts';
import { auditSlowly } from '../workers/audit-stock.ts';

export const AUDIT_USAGE = 'audit [--json] [--repair]';

/** Exit code where faults are left. 1 is that of a failure. */
const FAULTS = 2;

const known: readonly string[] = ['--json', '--repair'];

export type Router = Awaited<ReturnType<typeof openDatabase>>;

/** A report has a bounded number of findings: more faults than that are repaired in several rounds. */
const REPAIR_ROUNDS_MAX = 100;

/** What a repair can end. */
const repairable: readonly Finding['finding'][] = ['counters', 'reserved'];

/**
 * Audits the stock, and with `--repair` repairs what can be repaired and audits again, until nothing is left
 * that a repair can end.
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
  const repairs = new Map<number, Repair>();
  for (let round = 0; flags.includes('--repair') && round < REPAIR_ROUNDS_MAX; round++) {
    const repaired = await repairAll(router, report);
    for (const repair of repaired) repairs.set(repair.sku, repair);
    if (repaired.length > 0) report = await auditSlowly(auditOptions(router));
    if (!repaired.some(({ outcome }) => outcome === 'repaired')) break;
  }
  if (isJson) print(stringify({ ...report, repairs: [...repairs.values()] }) ?? '');
  else {
    for (const { sku, outcome } of repairs.values()) print(`sku ${sku}: ${outcome}`);
    for (const line of textOf(report)) print(line);
  }
  return report.findingCount === 0 ? 0 : FAULTS;
}

/** Repairs the skus of the findings that a repair can end. */
async function repairAll(router: Router, { findings }: AuditReport): Promise<Repair[]> {
  const faulty = findings.filter(({ finding }) => repairable.includes(finding));
  const repairs: Repair[] = [];
  for (const sku of new Set(faulty.map((each) => each.sku))) {
    repairs.push(await router.write((tx) => repairStock(tx, sku)));
  }
  return repairs;
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
