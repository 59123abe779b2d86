/**
 * Fields as bytes, written into room that was reserved and read back with every bound checked.
 *
 * Big-endian; a natural number has eight bytes, a name its length in front. Nothing that is read
 * is trusted: what does not fit is a PeerCodecError, whatever the bytes were.
 */
/** The bytes are not a message of this protocol; the connection they came on is to be closed. */
export class PeerCodecError extends Error {
  override readonly name = 'PeerCodecError';
}

/** Longer names are cut off by nobody: they are refused. */
export const nameBytesMax: number = 255;

const twoTo32 = 0x1_0000_0000;
/** The upper half of the greatest safe integer. */
const upperHalfMax = 0x1f_ffff;

export class ByteWriter {
  readonly #bytes: Buffer;
  #offset: number;

  /** `size` is a bound from above; what is not used is cut off by `written`. */
  constructor(size: number, offset: number) {
    this.#bytes = Buffer.allocUnsafe(size);
    this.#offset = offset;
  }

  byte(value: number): void {
    this.#bytes[this.#offset++] = value;
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** A whole number below 2^32. */
  short(value: number): void {
    this.#offset = this.#bytes.writeUInt32BE(value, this.#offset);
  }

  count(value: number): void {
    const upper = Math.floor(value / twoTo32);
    this.#offset = this.#bytes.writeUInt32BE(upper, this.#offset);
    this.#offset = this.#bytes.writeUInt32BE(value - upper * twoTo32, this.#offset);
  }

  /** Throws PeerCodecError for a name that is too long. */
  name(value: string): void {
    const length = Buffer.byteLength(value);
    if (length > nameBytesMax) {
      throw new PeerCodecError(`a name of ${length} bytes, at most ${nameBytesMax} may be`);
    }
    this.byte(length);
    this.#offset += this.#bytes.write(value, this.#offset, length);
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#offset);
    this.#offset += value.length;
  }

  /** All of it, with what was left free at the beginning. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#offset);
  }
}

/** Each method throws PeerCodecError, naming the field. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(what: string): number {
    return this.#bytes[this.#take(1, what)] ?? 0;
  }

  flag(what: string): boolean {
    const value = this.byte(what);
    if (value > 1) throw new PeerCodecError(`${what} is not a boolean`);
    return value === 1;
  }

  short(what: string): number {
    return this.#bytes.readUInt32BE(this.#take(4, what));
  }

  count(what: string): number {
    const offset = this.#take(8, what);
    const upper = this.#bytes.readUInt32BE(offset);
    if (upper > upperHalfMax) throw new PeerCodecError(`${what} is not a natural number`);
    return upper * twoTo32 + this.#bytes.readUInt32BE(offset + 4);
  }

  name(what: string): string {
    const name = this.view(this.byte(what), what).toString('utf8');
    // Bytes that are no text come out as this sign, and two such names must not become one.
    if (name === '' || name.includes('\ufffd')) throw new PeerCodecError(`${what} is not a name`);
    return name;
  }

  /**
   * A copy, cut from a small pool: whoever keeps one value for long must not keep with it all that
   * came in the same read. Bytes of their own would cost ten times as much to make.
   */
  copy(length: number, what: string): Uint8Array {
    return Buffer.from(this.view(length, what));
  }

  /** Not a copy: for what is used up soon. */
  view(length: number, what: string): Buffer {
    const offset = this.#take(length, what);
    return this.#bytes.subarray(offset, offset + length);
  }

  end(): void {
    if (this.remaining > 0) throw new PeerCodecError(`${this.remaining} bytes too many`);
  }

  #take(length: number, what: string): number {
    const offset = this.#offset;
    if (length > this.#bytes.length - offset) {
      throw new PeerCodecError(`the message ends inside ${what}`);
    }
    this.#offset = offset + length;
    return offset;
  }
}
