/** Requests that are refused for their fields: what each field must be, by the contract's rules. */
import { contract } from '../generated/contract.ts';
import { VIOLATIONS_MAX } from './limits.ts';
import type { FieldViolation, Refusal } from './outcome.ts';

export type MessageName = keyof typeof contract;

interface IntegerRule {
  readonly type: 'int64' | 'uint32' | 'int32';
  readonly min: bigint;
  readonly max: bigint;
}

type Rule =
  | IntegerRule
  | {
      readonly type: 'integers';
      readonly of: IntegerRule;
      readonly minItems: number;
      readonly maxItems: number;
    }
  | { readonly type: 'list'; readonly of: MessageName; readonly minItems: number; readonly maxItems: number }
  | { readonly type: 'choices'; readonly of: readonly string[]; readonly maxItems: number }
  | { readonly type: 'text'; readonly maxLength: number }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'time' | 'flag' };

/** The contract's rules for the fields of a message, by their names in JSON. */
export function rulesOf(message: MessageName): Readonly<Record<string, Rule>> {
  return contract[message];
}

/** The database keeps no such text. */
const WITHOUT_NUL = ' without the character NUL';

/** It sets where the feed begins, as a token does. */
const NOT_BESIDE_TOKEN = ', and absent where there is a pageToken';

/** What the contract's rules do not express: the elements of a list, and conditions on sums. */
const remarks: Readonly<Record<string, string>> = {
  'Item.count': ', also when summed over lines with the same sku',
  'CreateOrderRequest.items': ' lines, each with sku and count',
  'BatchGetStockRequest.skus': ' skus',
  'AdjustStockRequest.changes': ' changes, each with sku, change and reason',
  'CountStockRequest.counts': ' counts, each with sku, counted and countedAt',
  'StockAdjustment.reference': WITHOUT_NUL,
  'StockAdjustment.note': WITHOUT_NUL,
  'StockCount.reference': WITHOUT_NUL,
  'StockCount.note': WITHOUT_NUL,
  'ListOrdersRequest.pageToken': ': the nextPageToken of a page with the same filters',
  'ListEventsRequest.pageToken': ': the nextPageToken of a page with the same filters',
  'ListEventsRequest.from': NOT_BESIDE_TOKEN,
  'WatchEventsRequest.pageToken': ': a token of a stream or of a page with the same filters',
  'WatchEventsRequest.from': NOT_BESIDE_TOKEN,
  'ListStockChangesRequest.pageToken': ': the nextPageToken of a page',
  'ListStocksRequest.pageToken': ': the nextPageToken of a page',
  'ExplainStockRequest.pageToken': ': the nextPageToken of a page of the same sku',
  'ListStockMovementsRequest.pageToken': ': the nextPageToken of a page of the same sku',
};

/** Sorts `items[2]` before `items[10]`. Made once, because making a collator is slow. */
const byPath = new Intl.Collator('en', { numeric: true });

/**
 * Refuses a request for fields that break the contract's rules.
 *
 * @param message the request's message.
 * @param paths the bad fields, each as its JSON path (`items[1].count`), in any order, also repeated: two
 * validators that find the same fields give the same refusal.
 */
export function invalidFields(message: MessageName, paths: Iterable<string>): Refusal {
  const sorted = [...new Set(paths)].sort(byPath.compare);
  const shown = sorted
    .slice(0, VIOLATIONS_MAX)
    .map((field) => ({ field, description: ruleOf(message, field) }));
  return invalidRequest(shown, sorted.length - shown.length);
}

/** Refuses a request for fields that all break one rule, which the contract does not express. */
export function invalidPaths(paths: readonly string[], description: string): Refusal {
  const shown = paths.slice(0, VIOLATIONS_MAX).map((field) => ({ field, description }));
  return invalidRequest(shown, paths.length - shown.length);
}

/**
 * Refuses a request for these violations.
 *
 * @param omitted how many more there are.
 */
export function invalidRequest(fieldViolations: readonly FieldViolation[], omitted = 0): Refusal {
  const names = fieldViolations.map(({ field }) => field || 'request').join(', ');
  return {
    reason: 'INVALID_REQUEST',
    message: `invalid request: ${names}${omitted > 0 ? ` and ${omitted} more` : ''}`,
    metadata: {},
    detail: { type: 'BadRequest', fieldViolations },
  };
}

/** What the field at this path must be. */
function ruleOf(message: MessageName, path: string): string {
  const names = path.replaceAll(/\[\d+\]/g, '').split('.');
  let owner = message;
  for (const [index, name] of names.entries()) {
    const rules = rulesOf(owner);
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) break;
    const isLast = index === names.length - 1;
    if (isLast) return describe(rule, remarks[`${owner}.${name}`] ?? '');
    if (rule.type !== 'list') break;
    owner = rule.of;
  }
  return 'is not valid';
}

function describe(rule: Rule, remark: string): string {
  switch (rule.type) {
    case 'list':
      return `must be a list of ${rule.minItems} to ${rule.maxItems}${remark}`;
    case 'integers':
      return `must be a list of ${rule.minItems} to ${rule.maxItems}${remark}, each a ${rangeOf(rule.of)}`;
    case 'choices':
      return `must be at most ${rule.maxItems}, each one of: ${rule.of.join(', ')}${remark}`;
    case 'choice':
      // An empty text stands for none.
      return `must be one of: ${rule.of.filter(Boolean).join(', ')}${remark}`;
    case 'text':
      return `must be a text of at most ${rule.maxLength} characters${remark}`;
    case 'time':
      return `must be a time from year 1 to 9999, such as 2026-11-26T12:00:00Z${remark}`;
    case 'flag':
      return `must be true or false${remark}`;
    default:
      return `must be a ${rangeOf(rule)}${remark}`;
  }
}

function rangeOf({ min, max }: IntegerRule): string {
  return `whole number from ${min} to ${max}`;
}
