/** No integer is cut: the scan finds those that are wider than their fields, and nothing else. */
import { create, createFileRegistry, type DescMessage, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesField, numberField, tag, varint } from '../../../test/support/protobuf.ts';
import { wideIntegerScan } from './wide-integers.ts';

const signed = (bits: bigint) => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n });
const unsigned = (bits: bigint) => ({ min: 0n, max: (1n << bits) - 1n });

/** The integers that a varint stands for, by the type of its field; zigzag types as they are on the wire. */
const ranges: Partial<Record<Type, { min: bigint; max: bigint }>> = {
  [Type.INT32]: signed(32n),
  [Type.ENUM]: signed(32n),
  [Type.UINT32]: unsigned(32n),
  [Type.SINT32]: unsigned(32n),
  [Type.INT64]: signed(64n),
  [Type.UINT64]: unsigned(64n),
  [Type.SINT64]: unsigned(64n),
  [Type.BOOL]: unsigned(64n),
};

/** What ten bytes can hold: 70 bits. */
const anyVarint = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 70n) - 1n }),
  fc.nat(69).chain((bits) => fc.bigInt({ min: 0n, max: 1n << BigInt(bits) })),
  fc
    .constantFrom(31n, 32n, 63n, 64n)
    .chain((bits) => fc.bigInt({ min: (1n << bits) - 2n, max: (1n << bits) + 2n })),
  fc.bigInt({ min: -(1n << 33n), max: -1n }).map((value) => BigInt.asUintN(64, value)),
);

/** Whether a field of this type holds the value of the varint, as two's complement where it is signed. */
function fits(type: Type, value: bigint): boolean {
  const { min, max } = ranges[type] ?? { min: 1n, max: 0n };
  const read = min < 0n && value < 1n << 64n ? BigInt.asIntN(64, value) : value;
  return read >= min && read <= max;
}

/** A message with a field of each type, single and repeated, by number, and a list of itself. */
const everything = (() => {
  const types = Object.keys(Type).flatMap((key) => (Number.isNaN(Number(key)) ? [] : [Number(key) as Type]));
  const scalars = types.filter((type) => type !== Type.GROUP && type !== Type.MESSAGE);
  const field = (type: Type, number: number, label: Label) => ({
    name: `f${number}`,
    jsonName: `f${number}`,
    number,
    type,
    label,
    typeName: type === Type.ENUM ? '.t.E' : type === Type.MESSAGE ? '.t.M' : '',
  });
  const fields = [
    ...scalars.map((type) => field(type, type, Label.OPTIONAL)),
    ...scalars.map((type) => field(type, 100 + type, Label.REPEATED)),
    field(Type.MESSAGE, 99, Label.REPEATED),
    field(Type.MESSAGE, 98, Label.OPTIONAL),
  ];
  const file = {
    name: 't.proto',
    package: 't',
    syntax: 'proto3',
    enumType: [{ name: 'E', value: [{ name: 'ZERO', number: 0 }] }],
    messageType: [{ name: 'M', field: fields }],
  };
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage(
    't.M',
  ) as DescMessage;
})();

const scan = wideIntegerScan(everything);
const integerType = fc.constantFrom(...(Object.keys(ranges).map(Number) as Type[]));

describe('an integer of any type', () => {
  test('is wide exactly when its field cannot hold it', () => {
    fc.assert(
      fc.property(integerType, anyVarint, (type, value) => {
        expect(scan(numberField(type, value))).toEqual(fits(type, value) ? [] : [`f${type}`]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is found in lists, packed or not, by its index', () => {
    fc.assert(
      fc.property(
        integerType,
        fc.array(fc.array(anyVarint, { maxLength: 4 }), { maxLength: 4 }),
        (type, runs) => {
          const number = 100 + type;
          const bytes = runs.map((run, index) =>
            index % 2 === 0
              ? bytesField(number, Buffer.concat(run.map((value) => varint(value))))
              : Buffer.concat(run.map((value) => numberField(number, value))),
          );
          const wide = runs
            .flat()
            .flatMap((value, index) => (fits(type, value) ? [] : [`f${number}[${index}]`]));
          expect(scan(Buffer.concat(bytes))).toEqual(wide);
        },
      ),
    );
  });

  test('is found in messages within messages, by its path', () => {
    const wide = numberField(Type.UINT32, 1n << 32n);
    const fine = numberField(Type.UINT32, 1n);
    const inner = bytesField(99, Buffer.concat([fine, bytesField(98, wide), wide]));
    const bytes = Buffer.concat([bytesField(99, fine), inner, bytesField(99, bytesField(99, wide)), wide]);
    expect(scan(bytes)).toEqual(['f99[1].f98.f13', 'f99[1].f13', 'f99[2].f99[0].f13', 'f13']);
  });

  test('may be written in more bytes than it needs', () => {
    fc.assert(
      fc.property(integerType, fc.integer({ min: 1, max: 10 }), (type, length) => {
        const bytes = Buffer.concat([tag(type, 0), Buffer.alloc(length - 1, 0x80), Buffer.of(0)]);
        expect(scan(bytes)).toEqual([]);
      }),
    );
  });
});

test.each<[string, Buffer]>([
  ['a varint of eleven bytes', Buffer.concat([tag(4, 0), Buffer.alloc(10, 0x81), Buffer.of(0)])],
  ['a varint without an end', Buffer.concat([tag(4, 0), Buffer.alloc(3, 0x81)])],
  ['a length past the end', Buffer.concat([tag(99, 2), Buffer.of(1)])],
  ['a length of 2^32, which would be cut to 0', Buffer.concat([tag(99, 2), varint(1n << 32n)])],
  ['a tag of 2^35, which would be cut', varint((1n << 35n) | 0x68n)],
  ['fixed bytes where a varint belongs', Buffer.concat([tag(13, 5), Buffer.alloc(4)])],
  ['a varint where fixed bytes belong', numberField(7, 1n)],
  ['a truncated fixed number', Buffer.concat([tag(7, 5), Buffer.alloc(3)])],
  ['a group without an end', tag(50, 3)],
  ['the end of a group', tag(50, 4)],
  ['an unknown wire type', tag(50, 6)],
  ['messages nested without end', nested(60_000)],
])('%s is no message', (_title, bytes) => {
  expect(scan(bytes)).toBeUndefined();
});

/** A message within messages, as deep as this. */
function nested(depth: number): Buffer {
  const heads: Buffer[] = [];
  for (let length = 0; heads.length < depth; ) {
    const head = Buffer.concat([tag(98, 2), varint(BigInt(length))]);
    heads.push(head);
    length += head.length;
  }
  return Buffer.concat(heads.reverse());
}

test('unknown fields of every kind are skipped', () => {
  const group = [tag(50, 3), tag(51, 3), numberField(1, 1n << 64n), tag(51, 4), tag(50, 4)];
  const unknown = [
    ...group,
    numberField(60, (1n << 70n) - 1n),
    bytesField(61, Buffer.alloc(300)),
    Buffer.concat([tag(62, 5), Buffer.alloc(4), tag(63, 1), Buffer.alloc(8)]),
  ];
  expect(scan(Buffer.concat([...unknown, numberField(13, 1n << 32n)]))).toEqual(['f13']);
});

test('any bytes are scanned without an error, and what the library encodes is a message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      scan(bytes);
      const message = create(everything, { f12: bytes, f112: [bytes], f4: BigInt(bytes.length) } as Record<
        string,
        unknown
      >);
      expect(scan(toBinary(everything, message))).toEqual([]);
    }),
  );
});

test('a map is not supported, and that shows at start', () => {
  const entry = {
    name: 'FEntry',
    options: { mapEntry: true },
    field: [
      { name: 'key', number: 1, type: Type.UINT32, label: Label.OPTIONAL },
      { name: 'value', number: 2, type: Type.UINT32, label: Label.OPTIONAL },
    ],
  };
  const field = [
    { name: 'f', number: 1, type: Type.MESSAGE, label: Label.REPEATED, typeName: '.t.M.FEntry' },
  ];
  const messageType = [{ name: 'M', field, nestedType: [entry] }];
  const file = [{ name: 't.proto', package: 't', syntax: 'proto3', messageType }];
  const schema = createFileRegistry(create(FileDescriptorSetSchema, { file })).getMessage('t.M');
  expect(() => wideIntegerScan(schema as DescMessage)).toThrow('not supported');
});
