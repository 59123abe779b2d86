/**
 * Short texts of a file as numbers, found by their bytes: a text becomes a string once, not once
 * in every line that has it. It knows no format.
 */

/** Where a text stands. One is filled again and again, so that no text costs an object. */
export interface ByteSpan {
  start: number;
  /** Behind its last byte. */
  end: number;
  /** Of its bytes: `emptyHash`, then `hashByte` for each. */
  hash: number;
}

export const emptyHash = 0x811c9dc5;

/** FNV-1a: cheap for a byte, and good enough for names. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

export class ByteNames {
  readonly #idOf: (text: string) => number;
  /** Open addressing over the entries: their number plus one, 0 is free. */
  #places: Int32Array = new Int32Array(64);
  #count = 0;
  /** By entry. */
  #hashes: Int32Array = new Int32Array(32);
  #ids: Int32Array = new Int32Array(32);
  /** Where the entry begins in `#bytes`; one more than there are entries. */
  #starts: Int32Array = new Int32Array(33);
  #bytes: Uint8Array = new Uint8Array(256);

  /** `idOf` gives the number of a text; it is asked once for each. */
  constructor(idOf: (text: string) => number) {
    this.#idOf = idOf;
  }

  /** The number of an ASCII text. */
  idAt(bytes: Buffer, span: ByteSpan): number {
    const { hash } = span;
    const mask = this.#places.length - 1;
    for (let place = firstPlace(hash) & mask; ; place = (place + 1) & mask) {
      const entry = (this.#places[place] ?? 0) - 1;
      if (entry < 0) return this.#add(bytes, span, place);
      if (this.#hashes[entry] !== hash) continue;
      if (this.#isAt(entry, bytes, span)) return this.#ids[entry] ?? 0;
    }
  }

  #isAt(entry: number, bytes: Uint8Array, { start, end }: ByteSpan): boolean {
    const from = this.#starts[entry] ?? 0;
    const length = end - start;
    if ((this.#starts[entry + 1] ?? 0) - from !== length) return false;
    for (let at = 0; at < length; at += 1) {
      if (this.#bytes[from + at] !== bytes[start + at]) return false;
    }
    return true;
  }

  #add(bytes: Buffer, { start, end, hash }: ByteSpan, place: number): number {
    const id = this.#idOf(bytes.toString('latin1', start, end));
    const entry = this.#count;
    if (entry === this.#ids.length) this.#growEntries();
    const from = this.#starts[entry] ?? 0;
    const behind = from + end - start;
    if (behind > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, behind));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#starts[entry + 1] = behind;
    this.#hashes[entry] = hash;
    this.#ids[entry] = id;
    this.#places[place] = entry + 1;
    this.#count += 1;
    if (this.#count * 2 > this.#places.length) this.#growPlaces();
    return id;
  }

  #growEntries(): void {
    const length = this.#ids.length * 2;
    this.#hashes = grow(this.#hashes, length);
    this.#ids = grow(this.#ids, length);
    this.#starts = grow(this.#starts, length + 1);
  }

  #growPlaces(): void {
    this.#places = new Int32Array(this.#places.length * 4);
    const mask = this.#places.length - 1;
    for (let entry = 0; entry < this.#count; entry += 1) {
      let place = firstPlace(this.#hashes[entry] ?? 0) & mask;
      while ((this.#places[place] ?? 0) !== 0) place = (place + 1) & mask;
      this.#places[place] = entry + 1;
    }
  }
}

/** The upper bits of the hash count too. */
function firstPlace(hash: number): number {
  return hash ^ (hash >>> 15);
}

function grow(from: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(from);
  return grown;
}
