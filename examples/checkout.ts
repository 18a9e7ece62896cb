/**
 * A checkout over REST: it creates an order with an idempotency key, orders what is left where the stock is
 * short, and pays. Then it cancels another order. The types come from the OpenAPI document (`make generate`).
 *
 *     LOMS_URL=http://127.0.0.1:8080 npx tsx examples/checkout.ts [sku] [count]
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import createClient from 'openapi-fetch';
import { exactFetch } from './exact-numbers.ts';
import type { components, paths } from './openapi.ts';

type Item = components['schemas']['Item'];
type Status = components['schemas']['Status'];
type Detail = components['schemas']['ErrorDetail'];
type Shortage = components['schemas']['Shortage'];
/** A number, or its digits where it is above 2^53. */
type Id = number | string;

const baseUrl = process.env.LOMS_URL ?? 'http://127.0.0.1:8080';
const loms = createClient<paths>({ baseUrl, fetch: exactFetch });

const ATTEMPTS_MAX = 5;
/** Seconds that the service has for one attempt. */
const header = { 'Request-Timeout': 5 };

/** Creates an order of what is in stock. Every attempt sends the same key, so it is created once. */
async function createOrder(user: Id, items: Item[]): Promise<Id> {
  const key = { ...header, 'Idempotency-Key': randomUUID() };
  const { data, error } = await withRetries(() =>
    loms.POST('/order/create', { params: { header: key }, body: { user, items } }),
  );
  // Only the reply to a create with validateOnly has none.
  if (data) return data.orderID as Id;
  const short = detailOf(error, 'type.googleapis.com/loms.order.v1.InsufficientStock');
  if (!short) throw refused(error);
  const left = items.map((item) => ({ ...item, count: leftOf(item, short.shortages) }));
  console.log(`order ${short.orderID} failed, left is ${left.map(({ count }) => count)}`);
  const available = left.filter(({ count }) => count > 0);
  if (available.length === 0) throw refused(error);
  return createOrder(user, available);
}

function leftOf({ sku, count }: Item, shortages: Shortage[]): number {
  return shortages.find((shortage) => shortage.sku === sku)?.available ?? count;
}

/** Pays an order. It may be repeated without a key: paying twice changes nothing. */
async function payOrder(orderID: Id): Promise<void> {
  const body = { orderID };
  const { error } = await withRetries(() => loms.POST('/order/pay', { params: { header }, body }));
  if (error) throw refused(error);
}

/** Cancels an order. It may be repeated without a key: cancelling twice changes nothing. */
async function cancelOrder(orderID: Id): Promise<void> {
  const body = { orderID };
  const { error } = await withRetries(() => loms.POST('/order/cancel', { params: { header }, body }));
  if (error) throw refused(error);
}

async function statusOf(orderID: Id): Promise<string> {
  const params = { header, path: { order_id: orderID } };
  const { data, error } = await withRetries(() => loms.GET('/order/info/{order_id}', { params }));
  if (!data) throw refused(error);
  return data.status;
}

/** Repeats a call that may be repeated, while the service or the connection fails for the moment. */
async function withRetries<Result extends { response: Response }>(
  call: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const result = await call().catch((error: Error) => error);
    const isTemporary = result instanceof Error || [429, 503, 504].includes(result.response.status);
    if (!isTemporary) return result;
    if (attempt === ATTEMPTS_MAX) throw new Error('loms does not answer', { cause: result });
    const delaySeconds =
      result instanceof Error ? 1 : Number(result.response.headers.get('retry-after') ?? 1);
    await sleep(1_000 * delaySeconds);
  }
}

function detailOf<Type extends Detail['@type']>(error: Status, type: Type) {
  return error.details.find(
    (detail): detail is Extract<Detail, { '@type': Type }> => detail['@type'] === type,
  );
}

function refused(error: Status): Error {
  const reason = detailOf(error, 'type.googleapis.com/google.rpc.ErrorInfo')?.reason;
  return new Error(`${reason ?? error.code}: ${error.message}`);
}

const [sku = 1625903, count = 2] = process.argv.slice(2).map(Number);
const bought = await createOrder('9007199254740993', [{ sku, count }]);
await payOrder(bought);
console.log(`order ${bought} is ${await statusOf(bought)}`);

const dropped = await createOrder(42, [{ sku: 139275865, count: 1 }]);
await cancelOrder(dropped);
console.log(`order ${dropped} is ${await statusOf(dropped)}`);
