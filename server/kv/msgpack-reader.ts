/**
 * Reads the few kinds of msgpack values that commands and snapshots are made of, and nothing else.
 *
 * Whatever the bytes are, it gives values of the asked shape or throws the error of its owner. It
 * never allocates by what a length claims: bytes are views of what is really there.
 */

/** Makes the error; `bytesNeeded` is null unless more bytes behind the end could cure it. */
export type ReadErrors = (message: string, bytesNeeded: number | null) => Error;

export class MsgpackReader {
  readonly #data: Uint8Array;
  readonly #error: ReadErrors;
  #offset = 0;

  constructor(data: Uint8Array, error: ReadErrors) {
    this.#data = data;
    this.#error = error;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Throws unless everything has been read. */
  end(): void {
    const left = this.#data.length - this.#offset;
    if (left > 0) throw this.#error(`${left} bytes follow after the end`, null);
  }

  array(): number {
    const tag = this.#byte();
    if ((tag & 0xf0) === 0x90) return tag & 0x0f;
    if (tag === 0xdc) return this.#big(2);
    if (tag === 0xdd) return this.#big(4);
    throw this.#unexpected(tag, 'a list');
  }

  nil(): void {
    const tag = this.#byte();
    if (tag !== 0xc0) throw this.#unexpected(tag, 'nothing');
  }

  boolean(): boolean {
    const tag = this.#byte();
    if (tag === 0xc2) return false;
    if (tag === 0xc3) return true;
    throw this.#unexpected(tag, 'a boolean');
  }

  /** A natural number that a double holds exactly. */
  uint(): number {
    const tag = this.#byte();
    if (tag < 0x80) return tag;
    if (tag === 0xcc) return this.#byte();
    if (tag === 0xcd) return this.#big(2);
    if (tag === 0xce) return this.#big(4);
    if (tag !== 0xcf) throw this.#unexpected(tag, 'a natural number');
    const value = this.#big(8);
    if (!Number.isSafeInteger(value)) throw this.#error('a number is above 2^53 - 1', null);
    return value;
  }

  int64(): bigint {
    const tag = this.#byte();
    if (tag !== 0xd3) throw this.#unexpected(tag, 'a signed number of 64 bits');
    const high = this.#big(4);
    const low = this.#big(4);
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  bytes(): Uint8Array {
    const tag = this.#byte();
    let length = 0;
    if (tag === 0xc4) length = this.#byte();
    else if (tag === 0xc5) length = this.#big(2);
    else if (tag === 0xc6) length = this.#big(4);
    else throw this.#unexpected(tag, 'bytes');
    const end = this.#offset + length;
    if (end > this.#data.length) throw this.#error(`${length} bytes do not fit at the end`, end);
    const bytes = this.#data.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  bytesList(): readonly Uint8Array[] {
    const length = this.array();
    const values: Uint8Array[] = [];
    for (let place = 0; place < length; place += 1) values.push(this.bytes());
    return values;
  }

  #byte(): number {
    const value = this.#data[this.#offset];
    if (value === undefined) throw this.#error('the bytes end too early', this.#offset + 1);
    this.#offset += 1;
    return value;
  }

  #big(bytes: number): number {
    let value = 0;
    for (let place = 0; place < bytes; place += 1) value = value * 256 + this.#byte();
    return value;
  }

  #unexpected(tag: number, wanted: string): Error {
    return this.#error(`byte ${tag} at ${this.#offset - 1} does not begin ${wanted}`, null);
  }
}
