/** HTTP/1.1 requests as bytes, valid or not. */
import fc, { type Arbitrary } from 'fast-check';

export type Header = readonly [name: string, value: string];

/** The parts of a request, each of which may be invalid. */
export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body?: Buffer;
  readonly version?: string;
}

export const HOST: Header = ['Host', 'loms'];
export const JSON_TYPE: Header = ['Content-Type', 'application/json'];

/** The bytes of a request, with the length of its body. */
export function httpBytes({ method, target, headers, body, version = 'HTTP/1.1' }: HttpRequest): Buffer {
  const length: Header[] = body === undefined ? [] : [['Content-Length', String(body.length)]];
  return Buffer.concat([
    headBytes({ method, target, headers: [...headers, ...length], version }),
    body ?? nothing,
  ]);
}

const nothing = Buffer.alloc(0);

/** The bytes of a request up to the empty line. */
export function headBytes({ method, target, headers, version = 'HTTP/1.1' }: HttpRequest): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${target} ${version}\r\n${lines}\r\n`, 'latin1');
}

/** One chunk of a body. */
export function chunk(data: Buffer, extension = ''): Buffer {
  return Buffer.concat([
    Buffer.from(`${data.length.toString(16)}${extension}\r\n`),
    data,
    Buffer.from('\r\n'),
  ]);
}

/** Cuts bytes into pieces. */
export function inPieces(bytes: Buffer): Arbitrary<Buffer[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 4 }).map((cuts) => {
    const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
    return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
  });
}

export const randomBytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: 'max' }).map((bytes) => Buffer.from(bytes));

/** Bytes with a few of them changed, removed or added. */
export function mutated(bytes: Buffer): Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(bytes.length),
    removed: fc.nat(3),
    added: fc.uint8Array({ maxLength: 3 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce<Buffer>((all, { at, removed, added }) => {
      return Buffer.concat([all.subarray(0, at), added, all.subarray(at + removed)]);
    }, bytes),
  );
}
