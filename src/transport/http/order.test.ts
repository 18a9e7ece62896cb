/** The order routes. */
import { describe, expect, test } from 'vitest';
import {
  get,
  NOW_MS,
  post,
  REQUEST_TIMEOUT_MS,
  testApp,
  violations,
} from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { requestInfo } from '../../../test/support/status.ts';

const LARGE = '9007199254740993';

describe('the life of an order', () => {
  test('create, get, pay and cancel respond as in the contract', async () => {
    const app = testApp();
    const lines = '[{"sku":139275865,"count":1},{"sku":1625903,"count":2}]';
    expect(await post(app, '/order/create', `{"user":42,"items":${lines}}`)).toEqual({
      status: 200,
      text: '{"orderID":1}',
    });
    expect(await get(app, '/order/info/1')).toEqual({
      status: 200,
      text:
        '{"status":"awaiting payment","user":42,' +
        '"items":[{"sku":1625903,"count":2},{"sku":139275865,"count":1}],' +
        '"createdAt":"2026-11-26T12:00:00.000000Z","updatedAt":"2026-11-26T12:00:00.000000Z"}',
    });
    expect(await post(app, '/order/pay', '{"orderID":1}')).toEqual({ status: 200, text: '{}' });
    const cancelled = await post(app, '/order/cancel', '{"orderID":1}');
    expect(cancelled.status).toBe(400);
    expect(JSON.parse(cancelled.text).details[0]).toMatchObject({
      reason: 'ORDER_NOT_CANCELLABLE',
      metadata: { orderID: '1', status: 'payed' },
    });
  });

  test('an order with insufficient stock is refused with its id and its short lines', async () => {
    const response = await post(testApp(), '/order/create', '{"user":42,"items":[{"sku":7,"count":1}]}');
    expect(response.status).toBe(400);
    expect(JSON.parse(response.text)).toMatchObject({
      code: 9,
      details: [
        { reason: 'INSUFFICIENT_STOCK' },
        { orderID: 1, shortages: [{ sku: 7, requested: 1, available: 0 }] },
        requestInfo,
      ],
    });
  });

  test('an order that does not exist is not found', async () => {
    const app = testApp();
    expect((await get(app, '/order/info/7')).status).toBe(404);
    expect((await post(app, '/order/pay', '{"orderID":7}')).status).toBe(404);
    expect((await post(app, '/order/cancel', '{"orderID":7}')).status).toBe(404);
  });

  test('every operation gets the deadline of its request', async () => {
    const loms = new MemoryLoms();
    const app = testApp({ loms });
    await post(app, '/order/create', '{"user":42,"items":[{"sku":1625903,"count":1}]}');
    await get(app, '/order/info/1');
    await post(app, '/order/pay', '{"orderID":1}');
    await post(app, '/order/cancel', '{"orderID":1}');
    await get(app, '/stock/info/1625903');
    expect(loms.deadlines).toEqual(Array(5).fill(NOW_MS + REQUEST_TIMEOUT_MS));
  });
});

describe('the idempotency key', () => {
  const keyOf = async (headers: [string, string][], path = '/order/create') => {
    const loms = new MemoryLoms();
    const body = '{"user":42,"items":[{"sku":1625903,"count":1}]}';
    await post(testApp({ loms }), path, body, [['content-type', 'application/json'], ...headers]);
    return loms.keys;
  };

  test('is read from its header in any case, and passed on unchanged', async () => {
    expect(await keyOf([])).toEqual([undefined]);
    expect(await keyOf([['Idempotency-Key', 'a b']])).toEqual(['a b']);
    expect(await keyOf([['idempotency-key', '']])).toEqual(['']);
    expect(await keyOf([['IDEMPOTENCY-KEY', '\u00e9']])).toEqual(['\u00e9']);
  });

  test('sent twice is passed on as both values, joined by a comma and a space', async () => {
    const twice: [string, string][] = [
      ['idempotency-key', 'a'],
      ['idempotency-key', 'b'],
    ];
    expect(await keyOf(twice)).toEqual(['a, b']);
  });
});

describe('64-bit integers', () => {
  test.each([LARGE, `"${LARGE}"`, '9223372036854775807', '"9223372036854775807"'])(
    'user %s is stored and returned digit for digit',
    async (user) => {
      const app = testApp();
      await post(app, '/order/create', `{"user":${user},"items":[{"sku":1625903,"count":1}]}`);
      const { text } = await get(app, '/order/info/1');
      expect(text).toContain(`"user":${user.replaceAll('"', '')},`);
    },
  );

  test('an order id above 2^53 is exact in every operation', async () => {
    const app = testApp({ loms: new MemoryLoms(BigInt(LARGE)) });
    const created = await post(app, '/order/create', '{"user":1,"items":[{"sku":1625903,"count":1}]}');
    expect(created.text).toBe(`{"orderID":${LARGE}}`);
    expect((await get(app, `/order/info/${LARGE}`)).status).toBe(200);
    expect((await get(app, '/order/info/9007199254740992')).status).toBe(404);
    expect((await post(app, '/order/pay', `{"orderID":"${LARGE}"}`)).status).toBe(200);
    expect((await post(app, '/order/pay', `{"orderID":${LARGE}}`)).status).toBe(200);
  });
});

describe('invalid fields of a new order', () => {
  const validLine = '{"sku":1,"count":1}';
  const cases: [body: string, paths: string[]][] = [
    ['{}', ['items', 'user']],
    ['{"user":null,"items":null}', ['items', 'user']],
    [`{"items":[${validLine}]}`, ['user']],
    ['{"user":1}', ['items']],
    ['{"user":1,"items":[]}', ['items']],
    [`{"user":1,"items":${validLine}}`, ['items']],
    ['{"user":1,"items":"1"}', ['items']],
    ...['0', '-1', '1.0', '1e3', '9223372036854775808', 'true', '[1]', '{}', '""', '"x"', '"0"', '"-1"'].map(
      (user): [string, string[]] => [`{"user":${user},"items":[${validLine}]}`, ['user']],
    ),
    ...[
      '"1.0"',
      '"1e3"',
      '" 1"',
      '"+1"',
      '"0x1"',
      '"007"',
      '"9223372036854775808"',
      '99999999999999999999',
    ].map((user): [string, string[]] => [`{"user":${user},"items":[${validLine}]}`, ['user']]),
    ...['0', '-1', '4294967296', '1.0', '1e3', '"5"', 'null', '9007199254740993'].map(
      (sku): [string, string[]] => [`{"user":1,"items":[{"sku":${sku},"count":1}]}`, ['items[0].sku']],
    ),
    ...['0', '-1', '65536', '65537', '131073', '1.0', '1e3', '"5"', 'null', '4294967297'].map(
      (count): [string, string[]] => [
        `{"user":1,"items":[${validLine},{"sku":1,"count":${count}}]}`,
        ['items[1].count'],
      ],
    ),
    ...['null', '5', '"x"', '[]', '[1,2]', 'true', '{}', '1.5'].map((line): [string, string[]] => [
      `{"user":1,"items":[${validLine},${line}]}`,
      ['items[1].count', 'items[1].sku'],
    ]),
    [
      `{"user":0,"items":[${validLine},{"sku":0,"count":1},{"sku":1}]}`,
      ['items[1].sku', 'items[2].count', 'user'],
    ],
  ];

  test.each(cases)('%s', async (body, paths) => {
    expect(violations(await post(testApp(), '/order/create', body))).toEqual(paths);
  });

  test('1000 lines are accepted, and 1001 are refused', async () => {
    const order = (count: number) =>
      `{"user":1,"items":[${Array(count).fill('{"sku":1625903,"count":1}').join(',')}]}`;
    expect((await post(testApp(), '/order/create', order(1000))).status).toBe(200);
    expect(violations(await post(testApp(), '/order/create', order(1001)))).toEqual(['items']);
  });

  test('too many lines are refused as a whole, without a check of each line', async () => {
    const lines = [...Array(1000).fill(validLine), '{"sku":1,"count":0}'];
    expect(
      violations(await post(testApp(), '/order/create', `{"user":1,"items":[${lines.join(',')}]}`)),
    ).toEqual(['items']);
  });

  test('the bounds of each range are accepted', async () => {
    const app = testApp({ loms: new MemoryLoms(1n, { 4294967295: 65_535n, 1: 1n }) });
    const body = '{"user":1,"items":[{"sku":4294967295,"count":65535},{"sku":1,"count":1}]}';
    expect((await post(app, '/order/create', body)).status).toBe(200);
  });

  test('unknown fields are ignored', async () => {
    const body = '{"user":1,"items":[{"sku":1625903,"count":1,"price":1.5}],"note":"x"}';
    expect((await post(testApp(), '/order/create', body)).status).toBe(200);
  });
});

describe('an invalid order id', () => {
  test.each([
    '{}',
    '{"orderID":0}',
    '{"orderID":1.0}',
    '{"orderID":"x"}',
    '{"order_id":1}',
    '{"orderID":null}',
  ])('is reported as orderID in the body %s', async (body) => {
    expect(violations(await post(testApp(), '/order/pay', body))).toEqual(['orderID']);
    expect(violations(await post(testApp(), '/order/cancel', body))).toEqual(['orderID']);
  });

  test.each(['0', '-1', 'abc', '1.0', '1e3', '007', '%31x', '9223372036854775808', '%20', '1%00'])(
    'is reported as orderID in the path %s',
    async (id) => {
      expect(violations(await get(testApp(), `/order/info/${id}`))).toEqual(['orderID']);
    },
  );
});
