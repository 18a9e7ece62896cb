/**
 * A cart over gRPC: it shows what is in stock, creates an order with an idempotency key, orders what is left
 * where the stock is short, and pays. Then it cancels another order. The contract comes from `make proto`.
 *
 *     LOMS_GRPC=127.0.0.1:50051 LOMS_PROTO=dist/proto npx tsx examples/cart.ts [sku] [count]
 */
import { randomUUID } from 'node:crypto';
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';

const address = process.env.LOMS_GRPC ?? '127.0.0.1:50051';
const contract = loadSync(
  ['loms/order/v1/order.proto', 'loms/stock/v1/stock.proto', 'google/rpc/status.proto'],
  // 64-bit integers as strings: a number would be rounded above 2^53.
  { includeDirs: [process.env.LOMS_PROTO ?? 'dist/proto'], longs: String, defaults: true },
);

/**
 * UNAVAILABLE is repeated by the library. This is for calls that may be repeated only: every create of this
 * client has a key. Without one, a create that is repeated may be a second order.
 */
const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: '0.5s',
  maxBackoff: '5s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};
const services = [{ service: 'loms.order.v1.OrderService' }, { service: 'loms.stock.v1.StockService' }];
const serviceConfig = { loadBalancingConfig: [], methodConfig: [{ name: services, retryPolicy }] };

interface Item {
  sku: number;
  count: number;
}

interface Shortage {
  sku: number;
  requested: number;
  /** A decimal, as all 64-bit integers here. */
  available: string;
}

/** The reply of each method. */
interface Replies {
  createOrder: { orderId: string };
  getOrder: { status: string; user: string; items: Item[] };
  payOrder: object;
  cancelOrder: object;
  getStock: { count: string };
}

type Call = (
  request: object,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, reply: object) => void,
) => void;

const orders = open('order.v1.OrderService');
const stocks = open('stock.v1.StockService');

/** Opens a client of a service. */
function open(path: string): Client {
  // The package is made of what the files hold: packages within packages, and the classes of their services.
  let found: unknown = loadPackageDefinition(contract).loms;
  for (const name of path.split('.')) found = (found as Record<string, unknown>)[name];
  const Service = found as typeof Client;
  const options = { 'grpc.service_config': JSON.stringify(serviceConfig) };
  return new Service(address, credentials.createInsecure(), options);
}

/** Calls a method, with 5 s for all attempts together. */
function call<Name extends keyof Replies>(
  client: Client,
  name: Name,
  request: object,
  metadata = new Metadata(),
): Promise<Replies[Name]> {
  const method = (client as unknown as Record<Name, Call>)[name].bind(client);
  return new Promise((resolve, reject) => {
    method(request, metadata, { deadline: Date.now() + 5_000 }, (error, reply) =>
      error ? reject(error) : resolve(reply as Replies[Name]),
    );
  });
}

/** Creates an order of what is in stock. Every attempt sends the same key, so it is created once. */
async function createOrder(user: string, items: Item[]): Promise<string> {
  const key = new Metadata();
  key.set('idempotency-key', randomUUID());
  try {
    return (await call(orders, 'createOrder', { user, items }, key)).orderId;
  } catch (error) {
    const short = insufficientStock(error as ServiceError);
    if (!short) throw error;
    const left = items.map((item) => ({ ...item, count: leftOf(item, short.shortages) }));
    console.log(`order ${short.orderId} failed, left is ${left.map(({ count }) => count)}`);
    const available = left.filter(({ count }) => count > 0);
    if (available.length === 0) throw error;
    return createOrder(user, available);
  }
}

function leftOf({ sku, count }: Item, shortages: Shortage[]): number {
  const shortage = shortages.find((each) => each.sku === sku);
  return shortage === undefined ? count : Number(shortage.available);
}

/** The detail InsufficientStock of an error, from the google.rpc.Status in its trailer. */
function insufficientStock({ metadata }: ServiceError) {
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) return undefined;
  const { details } = decode<{ details: { type_url: string; value: Buffer }[] }>('google.rpc.Status', bytes);
  const type = 'loms.order.v1.InsufficientStock';
  const detail = details.find(({ type_url }) => type_url === `type.googleapis.com/${type}`);
  return detail && decode<{ orderId: string; shortages: Shortage[] }>(type, detail.value);
}

function decode<Message>(type: string, bytes: Buffer): Message {
  return (contract[type] as unknown as MessageTypeDefinition<object, Message>).deserialize(bytes);
}

async function statusOf(orderId: string): Promise<string> {
  return (await call(orders, 'getOrder', { orderId })).status;
}

const [sku = 1625903, count = 2] = process.argv.slice(2).map(Number);
console.log(`in stock: ${(await call(stocks, 'getStock', { sku })).count}`);

const bought = await createOrder('9007199254740993', [{ sku, count }]);
await call(orders, 'payOrder', { orderId: bought });
console.log(`order ${bought} is ${await statusOf(bought)}`);

const dropped = await createOrder('42', [{ sku: 139275865, count: 1 }]);
await call(orders, 'cancelOrder', { orderId: dropped });
console.log(`order ${dropped} is ${await statusOf(dropped)}`);
orders.close();
stocks.close();
