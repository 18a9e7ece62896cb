/** The contract as clients of other projects get it (`make proto`), and the examples, run as they are. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/root.ts';
import { useService } from '../support/service.ts';

const { database, service } = useService();
let dir: string;

/** Runs a program of this repository to its end, and returns the lines that it printed. */
async function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const options = { cwd: root, env: { PATH: process.env.PATH, ...env }, timeout: 60_000 };
  const ran = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...args], options);
  return ran.stdout.trim().split('\n');
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-clients-'));
  await run('scripts/generate/proto-bundle.ts', [dir]);
  await database.query('INSERT INTO stocks VALUES (7, 3, 0), (8, 3, 0)');
});

afterAll(() => rm(dir, { recursive: true, force: true }));

test('the contract loads from its folder alone, with every import', () => {
  const files = ['loms/order/v1/order.proto', 'loms/stock/v1/stock.proto', 'google/rpc/error_details.proto'];
  const contract = loadSync(files, { includeDirs: [join(dir, 'proto')] });
  expect(Object.keys(contract['loms.order.v1.OrderService'] ?? {})).toContain('CreateOrder');
  expect(contract).toHaveProperty(['loms.stock.v1.StockService']);
  expect(contract).toHaveProperty(['google.rpc.ErrorInfo']);
});

test('the descriptor set is complete, and every file of it has a package for Go and Java', async () => {
  const { file } = fromBinary(FileDescriptorSetSchema, await readFile(join(dir, 'loms.binpb')));
  const names = new Set(file.map(({ name }) => name));
  for (const { name, dependency, options } of file) {
    for (const imported of dependency) expect(names, `${name} imports ${imported}`).toContain(imported);
    expect(options?.goPackage, name).toMatch(/\//);
    expect(options?.javaPackage, name).toMatch(/\./);
  }
  for (const noun of ['order', 'stock']) {
    const options = file.find(({ name }) => name === `loms/${noun}/v1/${noun}.proto`)?.options;
    expect(options).toMatchObject({
      goPackage: `loms/${noun}/v1;${noun}v1`,
      javaPackage: `loms.${noun}.v1`,
      javaMultipleFiles: true,
    });
  }
});

const life = (inStock: readonly string[]) => [
  ...inStock,
  expect.stringMatching(/^order \d+ failed, left is 3$/),
  expect.stringMatching(/^order \d+ is payed$/),
  expect.stringMatching(/^order \d+ is cancelled$/),
];

test('the checkout buys over REST what is left, and cancels another order', async () => {
  const LOMS_URL = `http://127.0.0.1:${service.app.httpPort}`;
  expect(await run('examples/checkout.ts', ['7', '5'], { LOMS_URL })).toEqual(life([]));
  expect(await bought(7)).toEqual([{ user_id: '9007199254740993', count: 3 }]);
});

test('the cart buys over gRPC what is left, and cancels another order', async () => {
  const env = { LOMS_GRPC: `127.0.0.1:${service.app.grpcPort}`, LOMS_PROTO: join(dir, 'proto') };
  expect(await run('examples/cart.ts', ['8', '5'], env)).toEqual(life(['in stock: 3']));
  expect(await bought(8)).toEqual([{ user_id: '9007199254740993', count: 3 }]);
});

/** The payed orders of a sku. */
function bought(sku: number) {
  return database.query(
    `SELECT user_id, count FROM orders JOIN order_lines USING (order_id) WHERE status = 'payed' AND sku = $1`,
    [sku],
  );
}
