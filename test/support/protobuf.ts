/** Protobuf's wire format, byte by byte: also what no library would write. */

export const wireTypes = {
  varint: 0,
  bit64: 1,
  lengthDelimited: 2,
  startGroup: 3,
  endGroup: 4,
  bit32: 5,
} as const;

/** A value of at least 0 as a varint, however wide; a negative one as the 64 bits of its two's complement. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value < 0n ? BigInt.asUintN(64, value) : value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.of(...bytes, Number(rest));
}

export function tag(number: number, wireType: number): Buffer {
  return varint((BigInt(number) << 3n) | BigInt(wireType));
}

export function numberField(number: number, value: bigint): Buffer {
  return Buffer.concat([tag(number, wireTypes.varint), varint(value)]);
}

export function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([tag(number, wireTypes.lengthDelimited), varint(BigInt(bytes.length)), bytes]);
}
