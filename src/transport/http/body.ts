/** Puts a body together out of the pieces in which it comes. */

const NOTHING = Buffer.alloc(0);

/**
 * A body that grows. One that comes in one piece, as nearly all do, is never copied. Else the room for it doubles
 * when it is full, so that however small the pieces are, each byte is copied about twice and not once for every piece.
 */
export class Body {
  readonly #maxBytes: number;
  #room: Buffer = NOTHING;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What came so far. */
  get bytes(): Buffer {
    return this.#size === this.#room.length ? this.#room : this.#room.subarray(0, this.#size);
  }

  /** Adds a piece. Tells whether the body is within its limit; the piece that is past it is not added. */
  add(piece: Buffer): boolean {
    const size = this.#size + piece.length;
    if (size > this.#maxBytes) return false;
    if (this.#size === 0) {
      this.#room = piece;
    } else {
      // A first piece fills its room, so what Node.js gave us is never written to.
      if (size > this.#room.length) this.#grow(size);
      this.#room.set(piece, this.#size);
    }
    this.#size = size;
    return true;
  }

  #grow(size: number): void {
    const room = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(size, 2 * this.#room.length)));
    room.set(this.#room.subarray(0, this.#size));
    this.#room = room;
  }
}
