/** Reads gRPC requests: decodes them without cutting an integer, and validates them by the `.proto` files. */
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
} from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import {
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel,
  type Timestamp,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { instantOf } from '../../domain/instant.ts';
import { accepted, type Outcome, refused } from '../../domain/outcome.ts';
import { invalidFields, type MessageName, rulesOf } from '../../domain/violations.ts';
import { descriptorSet } from '../../generated/proto/descriptor.ts';
import { malformedRequest } from '../refusals.ts';
import { wideIntegerScan } from './wide-integers.ts';

/** The contracts and what they import, as descriptors. */
export const descriptors = fromBinary(FileDescriptorSetSchema, base64Decode(descriptorSet));

const registry = createFileRegistry(descriptors);
const validator = createValidator();

const NONE: readonly string[] = [];

/**
 * Makes the function that reads the requests of one method.
 *
 * @param path the method as it is called, such as `/loms.order.v1.OrderService/GetOrder`.
 * @returns a function from a request's bytes to the request, or to INVALID_REQUEST. It throws only when a
 * rule of the `.proto` cannot be evaluated.
 * @throws when no contract has such a method.
 */
export function requestReader<Request>(path: string): (bytes: Uint8Array) => Outcome<Request> {
  const schema = methodOf(path).input;
  const name = schema.name as MessageName;
  const lists = listsOf(name, schema);
  const times = timesOf(schema);
  const wideIntegers = wideIntegerScan(schema);
  return (bytes) => {
    const wide = wideIntegers(bytes);
    const message = decode(schema, bytes);
    if (wide === undefined || message === undefined) return refused(malformedRequest);
    const emptied = emptyOverlongLists(lists, message);
    const badTimes = invalidTimes(times, message);
    const result = validator.validate(schema, message);
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'invalid' || wide.length + emptied.length + badTimes.length > 0) {
      const isValidated = (path: string) => !emptied.some((list) => path.startsWith(`${list}[`));
      const tooWide = wide.filter(isValidated).map((path) => path.replace(PART_OF_TIME, ''));
      const violated = (result.violations ?? []).map(jsonPath);
      return refused(invalidFields(name, [...violated, ...emptied, ...badTimes, ...tooWide]));
    }
    // Both libraries name fields alike and read 64-bit integers as bigint, so a message that was decoded for
    // its validation is the request that ts-proto declares, and need not be decoded twice.
    return accepted(message as unknown as Request);
  };
}

/**
 * Whether a method may run twice by the contract: it reads, or its repetition changes nothing.
 *
 * @throws when no contract has such a method.
 */
export function isIdempotent(path: string): boolean {
  return methodOf(path).idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
}

function methodOf(path: string): DescMethod {
  const [, service = '', name] = path.split('/');
  const method = registry.getService(service)?.methods.find((known) => known.name === name);
  if (method === undefined) throw new Error(`no contract has the method ${path}`);
  return method;
}

function decode(schema: DescMessage, bytes: Uint8Array): Message | undefined {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

interface ListField {
  readonly jsonName: string;
  readonly localName: string;
  readonly maxItems: number;
}

/** The lists of a message, with their limits. */
function listsOf(name: MessageName, schema: DescMessage): readonly ListField[] {
  const rules = rulesOf(name);
  return schema.fields.flatMap(({ jsonName, localName }) => {
    const rule = rules[jsonName];
    return rule !== undefined && 'maxItems' in rule ? [{ jsonName, localName, maxItems: rule.maxItems }] : [];
  });
}

/**
 * Empties lists that are longer than the contract allows, so that each is refused as a whole. The largest
 * request has room for 65,000 lines; to describe what is wrong with each of them would hold up all other
 * requests for seconds.
 *
 * @returns the names of these lists.
 */
function emptyOverlongLists(lists: readonly ListField[], message: Message): readonly string[] {
  const fields = message as unknown as Record<string, readonly unknown[]>;
  let emptied = NONE;
  for (const { jsonName, localName, maxItems } of lists) {
    if ((fields[localName]?.length ?? 0) <= maxItems) continue;
    fields[localName] = [];
    emptied = [...emptied, jsonName];
  }
  return emptied;
}

/** The last step of a path into a Timestamp; no other message of the contracts has fields of these names. */
const PART_OF_TIME = /\.(?:seconds|nanos)$/;

/** A field that is a time, of the request or of each element of one of its lists. */
interface TimeField {
  readonly list: DescField | undefined;
  readonly time: DescField;
}

function timesOf(schema: DescMessage, list?: DescField): TimeField[] {
  return schema.fields.flatMap((field) => {
    if (field.message === undefined) return [];
    if (field.message.typeName === TimestampSchema.typeName) return [{ list, time: field }];
    return field.fieldKind === 'list' ? timesOf(field.message, field) : [];
  });
}

/** The paths of the fields whose time is none: the library reads any seconds and nanoseconds. */
function invalidTimes(times: readonly TimeField[], message: Message): readonly string[] {
  if (times.length === 0) return NONE;
  const isBad = (of: unknown, { localName }: DescField) => {
    const time = (of as Record<string, Timestamp | undefined>)[localName];
    return time !== undefined && instantOf(time) === undefined;
  };
  return times.flatMap(({ list, time }) => {
    if (list === undefined) return isBad(message, time) ? [time.jsonName] : [];
    const elements = (message as unknown as Record<string, readonly unknown[]>)[list.localName] ?? [];
    return elements.flatMap((element, index) =>
      isBad(element, time) ? [`${list.jsonName}[${index}].${time.jsonName}`] : [],
    );
  });
}

/** The path of a bad field as it stands in JSON: `items[1].count`, `orderID`. */
function jsonPath(violation: Violation): string {
  let path = '';
  for (const step of violation.field) {
    if (step.kind === 'list_sub') path += `[${step.index}]`;
    else if (step.kind === 'field') path += path === '' ? step.jsonName : `.${step.jsonName}`;
  }
  return path;
}
