/** Import and export of stock as programs, against a whole service, also killed at each of their requests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { tailOf } from '../support/process.ts';
import { compiled } from '../support/programs.ts';
import { root } from '../support/root.ts';
import { startService, type TestService, useService } from '../support/service.ts';

const { database, service } = useService();
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-stock-files-'));
});
afterAll(() => rm(dir, { recursive: true }));

const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

function start(words: readonly string[], env: Record<string, string>) {
  const args = [...compiled('cli/stock-files'), ...words];
  const child = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env.PATH, ...env } });
  started.add(child);
  const [out, errors] = [tailOf(child.stdout), tailOf(child.stderr)];
  const ended = new Promise<{ code: number | null; out: string; errors: string }>((resolve) => {
    child.once('close', (code) => {
      started.delete(child);
      resolve({ code, out: out(), errors: errors() });
    });
  });
  return { child, ended };
}

const urlOf = (port: number) => `http://127.0.0.1:${port}`;
const run = (words: readonly string[], env: Record<string, string> = {}) =>
  start(words, { LOMS_URL: urlOf(service.app.httpPort), ...env }).ended;

async function file(name: string, text: string | Buffer): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

async function totalsOf(first: number, last: number): Promise<number[]> {
  const rows = await database.query(
    'SELECT total_count FROM stocks WHERE sku BETWEEN $1 AND $2 ORDER BY sku',
    [first, last],
  );
  return rows.map(({ total_count: total }) => Number(total));
}

/** Orders pieces of a sku, and returns the order's id. */
async function order(sku: number, count: number): Promise<bigint> {
  const created = await service.rest.call('createOrder', { user: 1n, items: [{ sku, count }] });
  if (!('reply' in created)) throw new Error(`no order of ${count} pieces of sku ${sku}`);
  return created.reply.orderID ?? 0n;
}

const range = (first: number, length: number) => Array.from({ length }, (_, index) => first + index);

test('an import shows what it would do, and with --yes does it once', async () => {
  const path = await file(
    'received.csv',
    'sku,change,reason,reference\n9001,5,received,PO 1\n9002,7,received,PO 1\n',
  );
  const dry = await run(['import', path]);
  expect(dry).toMatchObject({ code: 0, errors: '' });
  expect(dry.out).toContain('added: 12 pieces of 2 skus');
  expect(dry.out).toContain('skus without stock until now: 2 (9001, 9002)');
  expect(dry.out).toContain('nothing was written; --yes writes it');
  expect(await totalsOf(9001, 9002)).toEqual([]);

  const done = await run(['import', path, '--yes']);
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 rows written, 0 of them by an earlier run'),
  });
  expect(done.errors).toContain('100 %  2 of 2 rows');
  const again = await run(['import', path, '--yes']);
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 rows written, 2 of them by an earlier run'),
  });
  expect(await totalsOf(9001, 9002)).toEqual([5, 7]);
  const movements = await database.query(
    "SELECT kind, reference FROM stock_movements WHERE sku = 9001 AND kind <> 'opened'",
  );
  expect(movements).toEqual([{ kind: 'received', reference: 'PO 1' }]);
});

test('without --yes an import shows what the service would refuse now', async () => {
  const path = await file('short.csv', 'sku,change\n1076963,-265\n2618151,-301\n9061,-1\n9062,1\n');
  const { code, out } = await run(['import', path]);
  expect(code).toBe(0);
  expect(out).toContain('skus without stock until now: 2 (9061, 9062)');
  const refused = out.split('\n').filter((line) => line.startsWith('row'));
  expect(refused).toEqual([
    'row 3 would be refused now: sku 2618151: 301 are to be taken, 300 are available now',
    'row 4 would be refused now: sku 9061: 1 are to be taken, 0 are available now',
  ]);
});

test('without --yes an import shows which totals are not the expected ones', async () => {
  const rows = ['2618151,-1,300', '1076963,1,299', '9063,5,0', '9064,5,1'];
  const { out } = await run([
    'import',
    await file('expected.csv', `sku,change,expected\n${rows.join('\n')}\n`),
  ]);
  const refused = out.split('\n').filter((line) => line.startsWith('row'));
  expect(refused).toEqual([
    'row 3 would be refused now: sku 1076963: the total is 300 now, and not 299',
    'row 5 would be refused now: sku 9064: the total is 0 now, and not 1',
  ]);
});

test('a file with refused rows writes nothing, or with --skip-refused the other rows', async () => {
  const path = await file('mixed.csv', 'sku,change,note\n9011,5,\nA-1,7,"a, b"\n9012,1.5,\n');
  const refused = join(dir, 'refused.csv');
  const first = await run(['import', path, '--yes', '--refused-to', refused]);
  expect(first).toMatchObject({ code: 1, errors: '' });
  expect(first.out).toContain('row 3: sku "A-1" is no whole number');
  expect(first.out).toContain('row 4: change "1.5" is no whole number');
  expect(await totalsOf(9011, 9012)).toEqual([]);
  expect(await readFile(refused, 'utf8')).toBe('sku,change,note\nA-1,7,"a, b"\n9012,1.5,\n');

  expect(await run(['import', path, '--yes', '--skip-refused'])).toMatchObject({ code: 2 });
  expect(await totalsOf(9011, 9012)).toEqual([5]);
});

test('rows that the service refuses are listed, and the others are written', async () => {
  const [held, counted] = [9021, 9023];
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const header = 'sku,change,count,counted_at,expected\n';
  const text = `${header}${held},10,,,\n9022,10,,,\n${counted},,4,${hourAgo},\n9024,10,,,\n`;
  expect(await run(['import', await file('first.csv', text), '--yes'])).toMatchObject({ code: 0 });
  await order(held, 8);
  const changes = `${held},-5,,,\n9022,,9,,11\n9024,9223372036854775800,,,\n9025,1,,,\n`;
  const counts = `${counted},,5,2020-01-01T00:00:00Z,\n9026,,5,${hourAgo},\n`;
  const path = await file('second.csv', `${header}${changes}${counts}`);
  const { code, out } = await run(['import', path, '--yes', '--refused-to', join(dir, 'left.csv')]);
  expect(code).toBe(2);
  expect(out).toContain(`row 2: sku ${held}: STOCK_BELOW_RESERVED: open orders hold 8 of 10 pieces`);
  expect(out).toContain('row 3: sku 9022: STOCK_CHANGED: the file expects a total of 11, it is 10');
  expect(out).toContain('row 4: sku 9024: INVALID_REQUEST: must not lead to a total above');
  expect(out).toContain(`row 6: sku ${counted}: INVALID_REQUEST: must not be in the future`);
  expect(out).toContain('2 rows written, 0 of them by an earlier run');
  expect(await totalsOf(9021, 9026)).toEqual([10, 10, 4, 10, 1, 5]);
  expect((await readFile(join(dir, 'left.csv'), 'utf8')).split('\n')).toHaveLength(6);
});

test('counts that are too old are refused in one round, and the others of their batch written', async () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const [old, older, fresh] = [at(-86_500_000), at(-90_000_000), at(-60_000)];
  const rows = range(31_000, 99).map((sku) => `${sku},1,${[old, older, fresh][sku % 3]}\n`);
  const text = `sku,count,counted_at\n30999,1,${at(3_600_000)}\n${rows.join('')}`;
  const { code, out, requests } = await runThrough(
    () => 'forward',
    ['import', await file('old.csv', text), '--yes'],
  );
  expect([code, requests]).toEqual([2, 2]);
  expect(out.match(/INVALID_REQUEST: must not be in the future, and at most 86400/g)).toHaveLength(67);
  expect(await totalsOf(30_999, 31_098)).toHaveLength(33);
});

test.each([
  ['UTF-16', Buffer.from('\ufeffsku,change\n9031,1', 'utf16le'), 'the file is UTF-16'],
  ['an open quote in its last row', `sku,change\n9031,1\n9032,"1`, 'row 3: a quote is never closed'],
  ['a sku twice', 'sku,change\n9031,1\n9031,2', 'row 3: sku 9031 is there more than once'],
])('a file with %s changes nothing', async (name, text, answer) => {
  const { code, out, errors } = await run(['import', await file(`${name}.csv`, text), '--yes']);
  expect(code).toBe(1);
  expect(out + errors).toContain(answer);
  expect(await totalsOf(9031, 9032)).toEqual([]);
});

test('an export that is imported changes nothing; a changed count changes what it knows', async () => {
  const path = join(dir, 'export.csv');
  expect(await run(['export', path])).toMatchObject({ code: 0 });
  const text = await readFile(path, 'utf8');
  expect((await run(['export'])).out).toBe(text);
  expect(text).toContain('\n1625903,10000,10000\n');
  const same = await run(['import', path, '--yes']);
  expect(same).toMatchObject({ code: 0, out: expect.stringContaining('0 rows written') });

  await writeFile(
    path,
    text.replace('1625903,10000,', '1625903,9990,').replace('1148162,300,', '1148162,1,'),
  );
  await service.rest.call('payOrder', { orderID: await order(1148162, 1) });
  const changed = await run(['import', path, '--yes']);
  expect(changed.code).toBe(2);
  expect(changed.out).toContain('sku 1148162: STOCK_CHANGED: the file expects a total of 300, it is 299');
  expect(await totalsOf(1625903, 1625903)).toEqual([9990]);
  expect(await totalsOf(1148162, 1148162)).toEqual([299]);
});

test('an export of more skus than a page is the whole table, each sku once', async () => {
  await database.query('INSERT INTO stocks SELECT sku, sku % 7, 0 FROM generate_series(40001, 42500) AS sku');
  const rows = await database.query('SELECT sku, total_count FROM stocks ORDER BY sku');
  const lines = rows.map(({ sku, total_count: total }) => `${sku},${total},${total}\n`);
  const path = join(dir, 'whole.csv');
  expect(await run(['export', path])).toMatchObject({ code: 0 });
  expect(await readFile(path, 'utf8')).toBe(`sku,count,expected\n${lines.join('')}`);
});

/** What becomes of a request on its way; a number is the status that it is answered with instead. */
type Hop = 'forward' | 'kill before' | 'kill behind' | 'lose the answer' | number;

/** A proxy before the service, which treats the requests of a run as `plan` has it. */
async function openProxy(plan: (request: number) => Hop, kill: () => void) {
  // Where redirects lead: past the proxy.
  const location = `${urlOf(service.app.httpPort)}/stock/adjust`;
  let requests = 0;
  const server = createServer(async (incoming, outgoing) => {
    const hop = plan(++requests);
    const body = await bytesOf(incoming);
    if (hop === 'kill before') return kill();
    if (typeof hop === 'number') return outgoing.writeHead(hop, { 'retry-after': '0', location }).end();
    const answer = await forward(incoming, body);
    if (hop === 'kill behind') return kill();
    if (hop === 'lose the answer') return outgoing.destroy();
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: urlOf((server.address() as AddressInfo).port),
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function forward({ method, url, headers }: IncomingMessage, body: Buffer) {
  const outgoing = sendRequest({ port: service.app.httpPort, host: '127.0.0.1', method, path: url, headers });
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject).end(body);
  });
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await bytesOf(incoming) };
}

async function runThrough(plan: (request: number) => Hop, words: readonly string[]) {
  let kill = () => {};
  const proxy = await openProxy(plan, () => kill());
  const { child, ended } = start(words, { LOMS_URL: proxy.url });
  kill = () => child.kill('SIGKILL');
  const result = await ended;
  await proxy.close();
  return { ...result, requests: proxy.requests() };
}

test('killed before and behind each of its requests and repeated, an import is applied once', async () => {
  const skus = range(20_000, 2_500);
  await run([
    'import',
    await file('base.csv', `sku,change\n${skus.map((sku) => `${sku},10\n`).join('')}`),
    '--yes',
  ]);
  // One row of the first and one of the second batch cannot be written while these orders hold the pieces.
  const refusedSkus = [20_100, 21_999];
  const [first, second] = await Promise.all(refusedSkus.map((sku) => order(sku, 10)));
  const path = await file('taken.csv', `sku,change\n${skus.map((sku) => `${sku},-3\n`).join('')}`);
  // Two batches need two rounds each, the third one needs one.
  const requests = 5;
  for (let at = 1; at <= requests; at++) {
    for (const hop of ['kill before', 'kill behind'] as const) {
      const killed = await runThrough(
        (request) => (request === at ? hop : 'forward'),
        ['import', path, '--yes'],
      );
      expect(killed).toMatchObject({ code: null, requests: at });
    }
    // From here on every row could be written. The repeats come to the same rest nevertheless.
    if (at === 1) await service.rest.call('cancelOrder', { orderID: first ?? 0n });
    if (at === 3) await service.rest.call('cancelOrder', { orderID: second ?? 0n });
  }
  const last = await run(['import', path, '--yes']);
  expect(last.code).toBe(2);
  expect(last.out).toContain('2,498 rows written, 2,498 of them by an earlier run');
  for (const sku of refusedSkus) expect(last.out).toContain(`sku ${sku}: STOCK_BELOW_RESERVED`);
  const expected = skus.map((sku) => (refusedSkus.includes(sku) ? 10 : 7));
  expect(await totalsOf(20_000, 22_499)).toEqual(expected);
}, 300_000);

test('refused, lost and unanswered requests are sent again, and applied once', async () => {
  const path = await file('flaky.csv', 'sku,change\n9041,5\n');
  const hops: Hop[] = [503, 'lose the answer', 429, 502, 504];
  const result = await runThrough((request) => hops[request - 1] ?? 'forward', ['import', path, '--yes']);
  expect(result).toMatchObject({ code: 0, requests: 6 });
  for (const status of [503, 429, 502, 504])
    expect(result.errors).toContain(`trying again: HTTP status ${status}`);
  expect(await totalsOf(9041, 9041)).toEqual([5]);
});

test('a redirect is not followed, and the request is sent again to the service itself', async () => {
  const path = await file('redirected.csv', 'sku,change\n9042,5\n');
  const result = await runThrough((request) => (request === 1 ? 307 : 'forward'), ['import', path, '--yes']);
  expect(result).toMatchObject({
    code: 0,
    requests: 2,
    out: expect.stringContaining('0 of them by an earlier'),
  });
  expect(result.errors).toContain('trying again: unexpected redirect');
  expect(await totalsOf(9042, 9042)).toEqual([5]);
});

describe('with tokens', () => {
  const own = useDatabase();
  let issuer: Issuer;
  let guarded: TestService;

  beforeAll(async () => {
    issuer = await createIssuer();
    await writeKeys(issuer, join(dir, 'jwks.json'));
    const AUTH_JWKS = join(dir, 'jwks.json');
    guarded = await startService(own, {
      AUTH: 'jwt',
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
      AUTH_JWKS,
    });
  });
  afterAll(() => guarded?.stop());

  const runWith = async (words: readonly string[], scope: string | undefined) => {
    const LOMS_URL = urlOf(guarded.app.httpPort);
    if (scope === undefined) return run(words, { LOMS_URL });
    return run(words, {
      LOMS_URL,
      LOMS_TOKEN_FILE: await file('token', `${await issuer.sign({ scope })}\n`),
    });
  };

  test('an import needs stock:write, and its subject is the actor', async () => {
    const words = ['import', await file('token.csv', 'sku,change\n9051,5\n'), '--yes'];
    expect(await runWith(words, undefined)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('CREDENTIALS_MISSING: a bearer token is needed'),
    });
    expect(await runWith(words, 'stock:read')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('SCOPE_MISSING: this needs the scope stock:write'),
    });
    expect(await runWith(words, 'stock:write')).toMatchObject({ code: 0 });
    const [movement] = await own.query('SELECT actor FROM stock_movements WHERE sku = 9051 AND version = 1');
    expect(movement).toEqual({ actor: 'alice' });
  });

  test('an export needs stock:read, and leaves no file without it', async () => {
    const path = join(dir, 'guarded.csv');
    expect(await runWith(['export', path], 'stock:write')).toMatchObject({ code: 1 });
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    expect(await runWith(['export', path], 'stock:read')).toMatchObject({ code: 0 });
    expect(await readFile(path, 'utf8')).toMatch(/^sku,count,expected\n/);
  });
});

test.each([
  [[], 1, 'usage: stock-files import FILE'],
  [['import'], 1, 'usage: stock-files import FILE'],
  [['import', 'a.csv', 'b.csv'], 1, 'usage: stock-files import FILE'],
  [['import', 'a.csv', '--force'], 1, "Unknown option '--force'"],
  [['import', 'src'], 1, 'src is no regular file'],
  [['import', 'missing.csv'], 1, 'ENOENT: no such file or directory'],
])('the words %j', async (words, code, answer) => {
  expect(await run(words)).toMatchObject({ code, out: '', errors: expect.stringContaining(answer) });
});

test('a mistake in the configuration is named, and no token is shown', async () => {
  const env = { LOMS_URL: 'ftp://loms', LOMS_TOKEN: 'two words' };
  const { code, errors } = await run(['export'], env);
  expect(code).toBe(1);
  expect(errors).toContain('LOMS_URL: must be an http or https URL');
  expect(errors).toContain('LOMS_TOKEN: must be a token');
  expect(errors).not.toContain('two words');
});
