/**
 * The part of HPACK (RFC 7541) that the load generator and the fuzz run need. It writes headers like other
 * clients: in full once, and then as one byte each. It reads only the status of the trailers.
 */

const STATIC_ENTRIES = 61;
/** Entries of the static table: `:method: POST`, `:scheme: http`, and the names `:authority`, `:path`. */
const POST = 0x80 | 3;
const HTTP = 0x80 | 6;
const AUTHORITY = 1;
const PATH = 4;

/** A literal that is also added to the dynamic table. */
const ADDED = 0x40;

/** The fields that all requests share. */
const FIXED = [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['user-agent', 'loms-bench'],
] as const;

/** Writes the header blocks of one connection, in step with the server's table. */
export class HeaderWriter {
  /** The entries of the dynamic table, newest first. */
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
    // The added entry moves all others, so blocks that were written before are invalid.
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

/** `grpc-status` in Huffman's code, as nghttp2 writes it, behind its length. */
const STATUS_NAME = Buffer.from('889acac8b21234da8f', 'hex');

/**
 * Reads the gRPC status from a block of trailers. The server may use no table, so the block holds names and
 * values. Digits are never shorter in Huffman's code, so they are not encoded.
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
