/**
 * Finds the integers of a message that are wider than their fields. The protobuf libraries cut such integers
 * silently: a count of 2^32 + 1 would be read as 1. So the bytes are scanned once by the message's
 * descriptor, before they are decoded.
 */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

const VARINT = 0;
const BIT64 = 1;
const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const BIT32 = 5;

const VARINT_MAX_BYTES = 10;
/** As deep as the decoder reads messages within messages. */
const DEPTH_MAX = 100;

const EMPTY = new Uint8Array();
const NO_COUNTS: number[] = [];

/** Whether a field can hold a varint of 64 bits, given as its two halves. */
type Fits = (low: number, high: number) => boolean;

const fitsUnsigned32: Fits = (_low, high) => high === 0;
const fitsSigned32: Fits = (low, high) => high === low >> 31;
const fits64: Fits = () => true;

interface Field {
  readonly name: string;
  readonly wireType: number;
  /** The position among the lists of its message; undefined for a single value. */
  readonly list: number | undefined;
  /** For a field whose values are varints. */
  readonly fits: Fits | undefined;
  /** For a field whose values are messages. */
  readonly message: Plan | undefined;
}

/** What the scan needs to know of a message type. */
interface Plan {
  readonly fields: Map<number, Field>;
  /** How many of its fields are lists. */
  lists: number;
}

/**
 * Makes the function that scans the messages of one type. It returns the JSON paths of the integers that are
 * too wide (`items[1].count`), or undefined when the bytes are no message of this type: they end too early,
 * or a field has a wire type that is not its own, which the decoder would misread.
 *
 * @throws when the type has a map or a group, which are not supported.
 */
export function wideIntegerScan(schema: DescMessage): (bytes: Uint8Array) => readonly string[] | undefined {
  const plan = planOf(schema, new Map());
  const scan = new Scan();
  return (bytes) => scan.run(plan, bytes);
}

function planOf(schema: DescMessage, known: Map<DescMessage, Plan>): Plan {
  const existing = known.get(schema);
  if (existing !== undefined) return existing;
  const plan: Plan = { fields: new Map(), lists: 0 };
  known.set(schema, plan);
  for (const field of schema.fields) {
    if (field.fieldKind === 'map' || ('delimitedEncoding' in field && field.delimitedEncoding))
      throw new Error(`${field} is a map or a group, which is not supported`);
    plan.fields.set(field.number, {
      name: field.jsonName,
      list: field.fieldKind === 'list' ? plan.lists++ : undefined,
      message: field.message && planOf(field.message, known),
      ...encodingOf(field),
    });
  }
  return plan;
}

function encodingOf(field: DescField): Pick<Field, 'wireType' | 'fits'> {
  if (field.message !== undefined) return { wireType: LENGTH_DELIMITED, fits: undefined };
  switch (field.enum === undefined ? field.scalar : ScalarType.INT32) {
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return { wireType: VARINT, fits: fitsUnsigned32 };
    case ScalarType.INT32:
      return { wireType: VARINT, fits: fitsSigned32 };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.BOOL:
      return { wireType: VARINT, fits: fits64 };
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return { wireType: BIT64, fits: undefined };
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return { wireType: BIT32, fits: undefined };
    default:
      return { wireType: LENGTH_DELIMITED, fits: undefined };
  }
}

/** One scan at a time: its position in the bytes, the varint that it read last, and what it has found. */
class Scan {
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  #low = 0;
  #high = 0;
  #isPast64Bits = false;
  #wide: string[] = [];

  run(plan: Plan, bytes: Uint8Array): readonly string[] | undefined {
    this.#bytes = bytes;
    this.#at = 0;
    const isMessage = this.#message(plan, bytes.length, 1);
    this.#bytes = EMPTY;
    const wide = this.#wide;
    if (wide.length > 0) this.#wide = [];
    return isMessage ? wide : undefined;
  }

  #message({ fields, lists }: Plan, end: number, depth: number): boolean {
    if (depth > DEPTH_MAX) return false;
    const counts = lists === 0 ? NO_COUNTS : new Array<number>(lists).fill(0);
    while (this.#at < end) {
      if (!this.#varint32(end)) return false;
      const wireType = this.#low & 7;
      const field = fields.get(this.#low >>> 3);
      const isRead =
        field === undefined ? this.#skip(wireType, end) : this.#field(field, counts, wireType, end, depth);
      if (!isRead) return false;
    }
    return true;
  }

  /** Reads a known field: one value, or a packed list of values. */
  #field(field: Field, counts: number[], wireType: number, end: number, depth: number): boolean {
    const { list } = field;
    const isPackable = list !== undefined && field.wireType !== LENGTH_DELIMITED;
    if (!isPackable || wireType !== LENGTH_DELIMITED) {
      return wireType === field.wireType && this.#value(field, counts, end, depth);
    }
    if (!this.#length(end)) return false;
    const listEnd = this.#at + (this.#low >>> 0);
    while (this.#at < listEnd) if (!this.#value(field, counts, listEnd, depth)) return false;
    return true;
  }

  #value(field: Field, counts: number[], end: number, depth: number): boolean {
    const { name, list, fits, message } = field;
    const found = this.#wide.length;
    if (fits !== undefined) {
      if (!this.#varint(end)) return false;
      if (this.#isPast64Bits || !fits(this.#low, this.#high)) this.#wide.push('');
    } else if (message !== undefined) {
      if (!this.#length(end) || !this.#message(message, this.#at + (this.#low >>> 0), depth + 1))
        return false;
    } else if (!this.#skip(field.wireType, end)) return false;
    const index = list === undefined ? 0 : (counts[list] ?? 0);
    if (list !== undefined) counts[list] = index + 1;
    for (let at = found; at < this.#wide.length; at++) {
      const inner = this.#wide[at];
      const outer = list === undefined ? name : `${name}[${index}]`;
      this.#wide[at] = inner === '' ? outer : `${outer}.${inner}`;
    }
    return true;
  }

  /** Skips a value. Of a group, that is everything to its end. */
  #skip(firstWireType: number, end: number): boolean {
    let wireType = firstWireType;
    for (let depth = 0; ; ) {
      if (wireType === VARINT && !this.#varint(end)) return false;
      if (wireType === LENGTH_DELIMITED && !this.#length(end)) return false;
      if (wireType === LENGTH_DELIMITED) this.#at += this.#low >>> 0;
      else if (wireType === BIT64) this.#at += 8;
      else if (wireType === BIT32) this.#at += 4;
      else if (wireType === START_GROUP) depth++;
      else if (wireType === END_GROUP) depth--;
      else if (wireType !== VARINT) return false;
      if (this.#at > end || depth < 0) return false;
      if (depth === 0) return true;
      if (!this.#varint32(end)) return false;
      wireType = this.#low & 7;
    }
  }

  /** Reads the length of what follows, which must end by `end`. */
  #length(end: number): boolean {
    return this.#varint32(end) && this.#at + (this.#low >>> 0) <= end;
  }

  #varint32(end: number): boolean {
    return this.#varint(end) && this.#high === 0 && !this.#isPast64Bits;
  }

  /** Reads a varint of at most ten bytes. Its tenth byte has room for six bits more than 64. */
  #varint(end: number): boolean {
    const bytes = this.#bytes;
    const last = Math.min(end, this.#at + VARINT_MAX_BYTES) - 1;
    let low = 0;
    let high = 0;
    let shift = 0;
    for (let at = this.#at; at <= last; at++) {
      const byte = bytes[at] ?? 0;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift > 28) high |= bits << (shift - 32);
      else {
        low |= bits << 28;
        high = bits >> 4;
      }
      if (byte < 128) {
        this.#at = at + 1;
        this.#low = low;
        this.#high = high;
        this.#isPast64Bits = shift === 63 && byte > 1;
        return true;
      }
      shift += 7;
    }
    return false;
  }
}
