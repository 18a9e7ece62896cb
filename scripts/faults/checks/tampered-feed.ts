/** The feed of a valid history, as the database has it and as readers received it. */
import { eventReadings, type SeenEvent } from '../feed/seen.ts';
import type { FinalBatch, FinalOrder, FinalState } from '../final-state.ts';
import type { Call } from '../history.ts';
import type { Evidence, FeedEvidence } from './evidence.ts';
import { isByHand } from './ledger.ts';

export const noFeed: FeedEvidence = {
  ...{ pages: [], resumes: [], holds: [], removed: [], head: 0, copy: new Map() },
};

interface Change {
  readonly kind: FinalBatch['kinds'][number];
  readonly endMs?: number | undefined;
}

/** Adds the feed that follows from the calls and the final state: a batch for each event. */
export function withFeed(evidence: Evidence): Evidence {
  const { calls, final: state, replica } = evidence;
  const changes = new Map(state.orders.map((order) => [order.orderId, changesOf(order, calls)]));
  const versionOf = ({ orderId }: FinalOrder) => changes.get(orderId)?.length ?? 0;
  const versioned = (orders: readonly FinalOrder[]) =>
    orders.map((order) => ({ ...order, version: versionOf(order) }));
  const orders = versioned(state.orders);
  const ofOrders = orders.flatMap(({ orderId, lines }) =>
    (changes.get(orderId) ?? []).map(({ kind, endMs = 0 }, index) => ({
      ...{ kinds: [kind], subjects: [orderId], versions: [index + 1], endsMs: [endMs] },
      skus: kind === 'extended' || kind === 'failed' ? [] : lines.map(({ sku }) => sku),
    })),
  );
  const ofStock = state.movements.filter(isByHand).map(({ sku, version }) => ({
    ...{ kinds: ['adjusted' as const], subjects: [sku], versions: [version], endsMs: [], skus: [sku] },
  }));
  const batches = [...ofOrders, ...ofStock].map((batch, index): FinalBatch => {
    return { ...batch, batchId: 100 + index, position: index + 1 };
  });
  const final = { ...state, orders, batches };
  return {
    ...{ ...evidence, final, feed: receivedBy(final, evidence.feed) },
    ...(replica && { replica: { ...replica, orders: versioned(replica.orders), batches } }),
  };
}

/** What happened to an order. */
function changesOf({ orderId, user, status, cancelReason, expiresMs }: FinalOrder, calls: readonly Call[]) {
  const made = calls.find((call) => call.user === user && call.answeredId === orderId);
  if (status === 'failed') return [{ kind: 'failed' as const }];
  const ends = calls.flatMap(({ operation, outcome, expiresAtMs, ...call }) =>
    operation === 'extendOrder' && outcome === 'ok' && call.orderId === orderId ? [expiresAtMs] : [],
  );
  const created: Change = { kind: 'created', endMs: made?.expiresAtMs ?? expiresMs };
  const later = [...new Set(ends)].filter((endMs) => endMs !== undefined && endMs !== created.endMs);
  const changes = [created, ...later.map((endMs): Change => ({ kind: 'extended', endMs }))];
  const isLate = calls.some((call) => {
    return call.orderId === orderId && call.acceptLate === true && call.outcome === 'ok';
  });
  const expired: Change = { kind: 'expired', endMs: expiresMs };
  if (status === 'payed' && isLate) return [...changes, expired, { kind: 'payedLate' as const }];
  if (status === 'payed') return [...changes, { kind: 'payed' as const }];
  if (status !== 'cancelled') return changes;
  return [...changes, cancelReason === 'expired' ? expired : { kind: 'cancelled' as const }];
}

/** All readers have received everything, in two pages. */
function receivedBy(final: FinalState, feed: FeedEvidence): FeedEvidence {
  const events = final.batches.map((batch) => eventOf(batch, final));
  const half = Math.floor(events.length / 2);
  const pages = eventReadings.flatMap((reader) =>
    [events.slice(0, half), events.slice(half)].map((some, index) => {
      return { reader, atMs: 100 + index, events: some, token: `${index}` };
    }),
  );
  const copy = new Map(final.stocks.map(({ sku, total, reserved }) => [sku, { total, reserved }]));
  return { ...feed, pages, head: events.length, copy };
}

const types = {
  created: ['created', 'awaiting payment', undefined],
  failed: ['failed', 'failed', undefined],
  extended: ['extended', 'awaiting payment', 'awaiting payment'],
  payed: ['payed', 'payed', 'awaiting payment'],
  payedLate: ['payed', 'payed', 'cancelled'],
  cancelled: ['cancelled', 'cancelled', 'awaiting payment'],
  expired: ['expired', 'cancelled', 'awaiting payment'],
} as const;

function eventOf(
  { position = 0, kinds, subjects, versions, endsMs }: FinalBatch,
  final: FinalState,
): SeenEvent {
  const [[kind = 'created'], [subject = 0], [version = 0], [endMs = 0]] = [kinds, subjects, versions, endsMs];
  const head = { position, timeMs: Math.max(50, endMs) };
  if (kind === 'adjusted') {
    const movement = final.movements.find((each) => each.sku === subject && each.version === version);
    const { sku = 0, kind: what = 'opened', totalChange = 0, total = 0, reserved = 0 } = movement ?? {};
    const stock = { sku, version, totalChange, total, reserved, kind: what };
    const { reference } = movement ?? {};
    return {
      ...{ ...head, id: `stock/${subject}/${version}`, type: 'loms.stock.adjusted.v1' },
      stock: reference === undefined ? stock : { ...stock, reference },
    };
  }
  const order = final.orders.find(({ orderId }) => orderId === subject);
  const [type, status, previousStatus] = types[kind];
  const { user = 0, lines = [], cancelReason } = order ?? {};
  return {
    ...{ ...head, id: `order/${subject}/${version}`, type: `loms.order.${type}.v1` },
    order: {
      ...{ orderId: subject, version, status, user, lines },
      ...(previousStatus && { previousStatus }),
      ...(status === 'cancelled' && cancelReason && { reason: cancelReason }),
      ...(endMs > 0 && { endMs }),
    },
  };
}
