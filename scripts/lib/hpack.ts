/**
 * As much of HPACK (RFC 7541) as our own clients need: it writes headers the way a real client does, in full
 * once and as one byte each from then on, and reads nothing but the status out of the trailers.
 */

const STATIC_ENTRIES = 61;
/** Entries of the static table: `:method: POST`, `:scheme: http`, and the names `:authority`, `:path`. */
const POST = 0x80 | 3;
const HTTP = 0x80 | 6;
const AUTHORITY = 1;
const PATH = 4;

/** A literal that is also added to the dynamic table. */
const ADDED = 0x40;

/** Fields that are the same in all requests. */
const FIXED = [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['user-agent', 'loms-bench'],
] as const;

/** The header blocks of one connection, which the server's table follows. */
export class HeaderWriter {
  /** What the dynamic table holds, newest first. */
  readonly #table: string[] = [];
  readonly #blocks = new Map<string, Buffer>();

  /** The header block of a call of this path. */
  write(path: string): Buffer {
    const known = this.#blocks.get(path);
    if (known !== undefined) return known;
    const isNew = !this.#table.includes(path);
    const fields = [
      Buffer.of(POST, HTTP),
      this.#field(path, Buffer.of(ADDED | PATH)),
      this.#field('loms', Buffer.of(ADDED | AUTHORITY)),
      ...FIXED.map(([name, value]) => this.#field(value, Buffer.concat([Buffer.of(ADDED), text(name)]))),
    ];
    const block = Buffer.concat(fields);
    // An entry that was added has moved all others, so blocks that were written before are void.
    if (isNew) this.#blocks.clear();
    else this.#blocks.set(path, block);
    return block;
  }

  #field(value: string, literalStart: Buffer): Buffer {
    const index = this.#table.indexOf(value);
    if (index >= 0) return Buffer.of(0x80 | (STATIC_ENTRIES + 1 + index));
    this.#table.unshift(value);
    return Buffer.concat([literalStart, text(value)]);
  }
}

/** A string of fewer than 127 characters, not compressed. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]);
}

/** `grpc-status` as a string in Huffman's code, as nghttp2 writes it, with its length before. */
const STATUS_NAME = Buffer.from('889acac8b21234da8f', 'hex');

/**
 * The gRPC status in a block of trailers from a server that was told to keep no table, so that names and
 * values stand in the block itself. Digits are never shorter in Huffman's code, so they stand as they are.
 *
 * @returns undefined when there is none.
 */
export function readStatus(block: Buffer): number | undefined {
  const at = block.indexOf(STATUS_NAME);
  if (at < 0) return undefined;
  const length = block[at + STATUS_NAME.length] ?? 0;
  const from = at + STATUS_NAME.length + 1;
  return Number(block.toString('latin1', from, from + length));
}
