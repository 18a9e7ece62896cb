/**
 * The contract as a table: requests, and the answer of both transports, word for word.
 *
 * A case may first create a state. The id of its order is `<order>` in the expected answer.
 */
import type { Answer, Client, Operation, Request } from '../support/client.ts';

export interface Case {
  readonly title: string;
  /** Creates the state, and returns the id of the order that the case is about, unless its answer has it. */
  readonly given?: (client: Client, freshKey: string) => Promise<bigint | undefined>;
  readonly ask: Operation;
  /** The idempotency keys to send, given one that was never used before. */
  readonly keys?: (freshKey: string) => readonly string[];
  readonly request: (order: bigint) => Request;
  readonly reply?: unknown;
  readonly error?: { readonly code: bigint; readonly message: string; readonly details: readonly unknown[] };
  readonly http?: number;
  readonly replayed?: true;
}

/** Skus of the development stock: one with plenty, one sold out, and one that has no stock. */
export const PLENTY = 1625903;
export const SOLD_OUT = 139819069;
const UNKNOWN = 4000000000;

export const INT64 = 'must be a whole number from 1 to 9223372036854775807';
const COUNT = 'must be a whole number from 1 to 65535, also when summed over lines with the same sku';
const SKU = 'must be a whole number from 1 to 4294967295';
const ITEMS = 'must be a list of 1 to 1000 lines, each with sku and count';

export async function createOrder(
  client: Client,
  sku = PLENTY,
  count = 1,
  ...keys: string[]
): Promise<bigint> {
  const answer = await client.call('createOrder', { user: 1n, items: [{ sku, count }] }, { keys });
  if ('reply' in answer) return answer.reply.orderID;
  const [, detail] = answer.error.details;
  return detail?.orderID as bigint;
}

const after =
  (...operations: Operation[]) =>
  async (client: Client): Promise<bigint> => {
    const orderID = await createOrder(client);
    for (const operation of operations) await client.call(operation, { orderID });
    return orderID;
  };

const times = { createdAt: '<time>', updatedAt: '<time>' };
const open = { ...times, expiresAt: '<time>' };

/** The reply to a create. */
export const created = { orderID: '<order>', expiresAt: '<time>' };

export const failed = (client: Client) => createOrder(client, SOLD_OUT);
export const none = () => 9223372036854775807n;

export function info(reason: string, metadata: Record<string, string> = {}) {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'loms', metadata };
}

export function invalid(...violations: [field: string, description: string][]) {
  const fieldViolations = violations.map(([field, description]) => ({ field, description }));
  const message = `invalid request: ${violations.map(([field]) => field).join(', ')}`;
  const badRequest = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations };
  return { error: { code: 3n, message, details: [info('INVALID_REQUEST'), badRequest] }, http: 400 };
}

export function short(
  ...shortages: [sku: number, requested: number, available: bigint, times?: { availableAt: string }][]
) {
  const named = shortages.map(([sku, requested, available, times]) => ({
    sku: BigInt(sku),
    requested: BigInt(requested),
    available,
    ...times,
  }));
  const detail = {
    '@type': 'type.googleapis.com/loms.order.v1.InsufficientStock',
    orderID: '<order>',
    shortages: named,
  };
  const what = shortages.length === 1 ? `sku ${shortages[0]?.[0]}` : `${shortages.length} skus`;
  const message = `not enough stock for ${what}`;
  return { error: { code: 9n, message, details: [info('INSUFFICIENT_STOCK'), detail] }, http: 400 };
}

const notAllowed = (reason: string, status: string, done: string) => ({
  error: {
    code: 9n,
    message: `order <order> is ${status} and cannot be ${done}`,
    details: [info(reason, { orderID: '<order>', status })],
  },
  http: 400,
});

export const noOrder = {
  error: {
    code: 5n,
    message: 'no order 9223372036854775807',
    details: [info('ORDER_NOT_FOUND', { orderID: '9223372036854775807' })],
  },
  http: 404,
};

export const create = (...items: [sku: number, count: number][]) => ({
  ask: 'createOrder' as const,
  request: () => ({ user: 1n, items: items.map(([sku, count]) => ({ sku, count })) }),
});

/** An order with one line, as replies show it. */
export const shown = (status: string, sku: number) => ({
  status,
  user: 1n,
  items: [{ sku: BigInt(sku), count: 1n }],
  ...(status === 'awaiting payment' ? open : times),
  ...(status === 'cancelled' ? { cancelReason: 'requested' } : {}),
});

const about = (ask: Operation) => ({ ask, request: (orderID: bigint) => ({ orderID }) });

const badUser = (user: bigint) => ({
  ask: 'createOrder' as const,
  request: () => ({ user, items: [{ sku: PLENTY, count: 1 }] }),
});

export const cases: readonly Case[] = [
  // Create.
  { title: 'an order with enough stock is created', ...create([PLENTY, 1]), reply: created },
  {
    title: 'a line above the stock is named',
    ...create([SOLD_OUT, 3], [PLENTY, 1]),
    ...short([SOLD_OUT, 3, 0n]),
  },
  { title: 'an order for an unknown sku', ...create([UNKNOWN, 2]), ...short([UNKNOWN, 2, 0n]) },
  {
    title: 'every short line is named, sorted by sku',
    ...create([UNKNOWN, 2], [139818428, 1]),
    ...short([139818428, 1, 0n], [UNKNOWN, 2, 0n]),
  },
  { title: 'count 65535 is accepted', ...create([SOLD_OUT, 65_535]), ...short([SOLD_OUT, 65_535, 0n]) },
  { title: 'count 65536 is refused', ...create([PLENTY, 65_536]), ...invalid(['items[0].count', COUNT]) },
  {
    title: 'count 65537 is not truncated to 1',
    ...create([PLENTY, 65_537]),
    ...invalid(['items[0].count', COUNT]),
  },
  { title: 'count 0 is refused', ...create([PLENTY, 1], [PLENTY, 0]), ...invalid(['items[1].count', COUNT]) },
  { title: 'sku 0 is refused', ...create([0, 1]), ...invalid(['items[0].sku', SKU]) },
  { title: 'sku 4294967295 is accepted', ...create([4294967295, 1]), ...short([4294967295, 1, 0n]) },
  {
    title: 'lines of one sku that add up to 65536 are refused',
    ...create([PLENTY, 65_535], [SOLD_OUT, 1], [PLENTY, 1]),
    ...invalid(['items[0].count', COUNT], ['items[2].count', COUNT]),
  },
  { title: 'an order without lines is refused', ...create(), ...invalid(['items', ITEMS]) },
  {
    title: '1000 lines are accepted, and merged by sku',
    ...create(...Array.from({ length: 1_000 }, (): [number, number] => [SOLD_OUT, 1])),
    ...short([SOLD_OUT, 1_000, 0n]),
  },
  {
    title: '1001 lines are refused',
    ...create(...Array.from({ length: 1_001 }, (): [number, number] => [PLENTY, 1])),
    ...invalid(['items', ITEMS]),
  },
  { title: 'user 0 is refused', ...badUser(0n), ...invalid(['user', INT64]) },
  { title: 'a negative user is refused', ...badUser(-1n), ...invalid(['user', INT64]) },
  { title: 'the largest user is accepted', ...badUser(2n ** 63n - 1n), reply: created },
  {
    title: 'every bad field is named at once',
    ask: 'createOrder',
    request: () => ({
      user: 0n,
      items: [
        { sku: 0, count: 0 },
        { sku: 1, count: 70_000 },
      ],
    }),
    ...invalid(['items[0].count', COUNT], ['items[0].sku', SKU], ['items[1].count', COUNT], ['user', INT64]),
  },

  // Get.
  {
    title:
      'an order is read with its status, its user digit for digit, and its lines merged and sorted by sku',
    given: async (client) => {
      const items = [
        { sku: 139275865, count: 1 },
        { sku: PLENTY, count: 2 },
        { sku: PLENTY, count: 3 },
      ];
      const answer = await client.call('createOrder', { user: 9007199254740993n, items });
      return 'reply' in answer ? answer.reply.orderID : 0n;
    },
    ...about('getOrder'),
    reply: {
      status: 'awaiting payment',
      user: 9007199254740993n,
      items: [
        { sku: BigInt(PLENTY), count: 5n },
        { sku: 139275865n, count: 1n },
      ],
      ...open,
    },
  },
  {
    title: 'a failed order is kept and can be read',
    given: failed,
    ...about('getOrder'),
    reply: shown('failed', SOLD_OUT),
  },
  {
    title: 'a payed order has its status',
    given: after('payOrder'),
    ...about('getOrder'),
    reply: shown('payed', PLENTY),
  },
  {
    title: 'a cancelled order has its status',
    given: after('cancelOrder'),
    ...about('getOrder'),
    reply: shown('cancelled', PLENTY),
  },
  {
    title: 'an unknown order is not found',
    ask: 'getOrder',
    request: () => ({ orderID: none() }),
    ...noOrder,
  },
  {
    title: 'order 0 is refused',
    ask: 'getOrder',
    request: () => ({ orderID: 0n }),
    ...invalid(['orderID', INT64]),
  },

  // Pay and cancel.
  { title: 'an order that awaits payment is payed', given: after(), ...about('payOrder'), reply: {} },
  { title: 'double pay is OK', given: after('payOrder'), ...about('payOrder'), reply: {} },
  {
    title: 'paying ignores a key',
    given: after(),
    ...about('payOrder'),
    keys: () => [''],
    reply: {},
  },
  {
    title: 'a cancelled order cannot be payed',
    given: after('cancelOrder'),
    ...about('payOrder'),
    ...notAllowed('ORDER_NOT_PAYABLE', 'cancelled', 'payed'),
  },
  {
    title: 'a failed order cannot be payed',
    given: failed,
    ...about('payOrder'),
    ...notAllowed('ORDER_NOT_PAYABLE', 'failed', 'payed'),
  },
  { title: 'paying an unknown order', ask: 'payOrder', request: () => ({ orderID: none() }), ...noOrder },
  {
    title: 'paying order 0',
    ask: 'payOrder',
    request: () => ({ orderID: 0n }),
    ...invalid(['orderID', INT64]),
  },
  { title: 'an order that awaits payment is cancelled', given: after(), ...about('cancelOrder'), reply: {} },
  { title: 'double cancel is OK', given: after('cancelOrder'), ...about('cancelOrder'), reply: {} },
  {
    title: 'cancelling ignores a key',
    given: after(),
    ...about('cancelOrder'),
    keys: () => [''],
    reply: {},
  },
  {
    title: 'a payed order cannot be cancelled',
    given: after('payOrder'),
    ...about('cancelOrder'),
    ...notAllowed('ORDER_NOT_CANCELLABLE', 'payed', 'cancelled'),
  },
  {
    title: 'cancel of a failed order is refused',
    given: failed,
    ...about('cancelOrder'),
    ...notAllowed('ORDER_NOT_CANCELLABLE', 'failed', 'cancelled'),
  },
  {
    title: 'cancelling an unknown order',
    ask: 'cancelOrder',
    request: () => ({ orderID: none() }),
    ...noOrder,
  },
  {
    title: 'cancelling order -1',
    ask: 'cancelOrder',
    request: () => ({ orderID: -1n }),
    ...invalid(['orderID', INT64]),
  },

  // Stock.
  {
    title: 'stock is the total without what is reserved',
    ask: 'getStock',
    request: () => ({ sku: 1076963 }),
    reply: { count: 265n },
  },
  {
    title: 'stock that is sold out is 0',
    ask: 'getStock',
    request: () => ({ sku: SOLD_OUT }),
    reply: { count: 0n },
  },
  {
    title: 'stock of an unknown sku is not found',
    ask: 'getStock',
    request: () => ({ sku: UNKNOWN }),
    error: {
      code: 5n,
      message: `no stock of sku ${UNKNOWN}`,
      details: [info('STOCK_NOT_FOUND', { sku: `${UNKNOWN}` })],
    },
    http: 404,
  },
  { title: 'stock of sku 0', ask: 'getStock', request: () => ({ sku: 0 }), ...invalid(['sku', SKU]) },
];

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Replaces the id of the case's order by `<order>` in an answer, and times by `<time>`. */
export function withoutId(answer: Answer, order: bigint | undefined): unknown {
  const id = order ?? idIn(answer);
  const replace = (value: unknown): unknown => {
    if (typeof value === 'bigint' && value === id) return '<order>';
    if (typeof value === 'string' && time.test(value)) return '<time>';
    if (typeof value === 'string' && id !== undefined)
      return value.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), '<order>');
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        /^(orderID|message|(create|update|expire)[sd]At|availableAt|nextReleaseAt|occurredAt)$/.test(key) ||
        typeof inner === 'object'
          ? replace(inner)
          : inner,
      ]),
    );
  };
  const { http: _, ...rest } = { http: undefined, ...answer };
  return replace(rest);
}

function idIn(answer: Answer): bigint | undefined {
  if ('error' in answer) return answer.error.details[1]?.orderID as bigint | undefined;
  return 'orderID' in answer.reply ? (answer.reply.orderID as bigint) : undefined;
}
