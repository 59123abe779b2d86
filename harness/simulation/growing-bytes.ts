/**
 * Bytes that can be written at any offset and grow as needed; what was never written is zero.
 */

export class GrowingBytes {
  #room = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of at most `length` bytes; fewer at the end. */
  slice(offset: number, length: number): Uint8Array {
    return this.#room.slice(offset, Math.max(offset, Math.min(offset + length, this.#length)));
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#room.length) {
      const room = new Uint8Array(Math.max(end, 2 * this.#room.length, 256));
      room.set(this.#room.subarray(0, this.#length));
      this.#room = room;
    }
    this.#room.set(bytes, offset);
    this.#length = Math.max(this.#length, end);
  }

  /** Cuts off, or fills up with zeros. */
  truncate(length: number): void {
    if (length < this.#length) this.#room.fill(0, length, this.#length);
    else if (length > this.#length)
      this.writeAt(this.#length, new Uint8Array(length - this.#length));
    this.#length = length;
  }

  replaceWith(other: GrowingBytes): void {
    this.#room = other.#room.slice(0, other.#length);
    this.#length = other.#length;
  }
}
