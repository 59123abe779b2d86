/**
 * Writes the few kinds of msgpack values that commands and snapshots are made of.
 *
 * One buffer that grows and is used again; what leaves it is a copy.
 */

const firstBytes = 16 * 1024;
/** A buffer that one big value made larger than this is given back. */
const keptBytes = 1024 * 1024;
const twoTo32 = 0x1_0000_0000;

export class MsgpackWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
  }

  /** A view that is good until the next write. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** All that was written; the writer is empty afterwards. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    this.#buffer.copy(taken, 0, 0, this.#length);
    this.reset();
    return taken;
  }

  /** At most so many of the bytes that were written first. */
  takeFirst(bytesMax: number): Buffer {
    if (this.#length <= bytesMax) return this.take();
    const taken = Buffer.allocUnsafeSlow(bytesMax);
    this.#buffer.copy(taken, 0, 0, bytesMax);
    this.#buffer.copyWithin(0, bytesMax, this.#length);
    this.#length -= bytesMax;
    return taken;
  }

  array(length: number): void {
    this.#reserve(5);
    if (length < 16) this.#byte(0x90 | length);
    else this.#tagged32(0xdd, length);
  }

  nil(): void {
    this.#reserve(1);
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** A natural number up to 2^53 - 1. */
  uint(value: number): void {
    this.#reserve(9);
    if (value < 0x80) this.#byte(value);
    else if (value < twoTo32) this.#tagged32(0xce, value);
    else {
      this.#tagged32(0xcf, Math.floor(value / twoTo32));
      this.#word(value % twoTo32);
    }
  }

  /** Throws RangeError for what needs more than 64 bits. */
  int64(value: bigint): void {
    this.#reserve(9);
    this.#byte(0xd3);
    this.#length = this.#buffer.writeBigInt64BE(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(length + 5);
    if (length < 256) {
      this.#byte(0xc4);
      this.#byte(length);
    } else if (length < 65_536) {
      this.#byte(0xc5);
      this.#byte(length >> 8);
      this.#byte(length & 0xff);
    } else this.#tagged32(0xc6, length);
    this.#buffer.set(value, this.#length);
    this.#length += length;
  }

  /** One byte for each character. */
  latin1(value: string): void {
    const { length } = value;
    this.#reserve(length + 5);
    this.#tagged32(0xc6, length);
    this.#length += this.#buffer.write(value, this.#length, 'latin1');
  }

  bytesList(values: readonly Uint8Array[]): void {
    this.array(values.length);
    for (const value of values) this.bytes(value);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #byte(value: number): void {
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  #tagged32(tag: number, value: number): void {
    this.#byte(tag);
    this.#word(value);
  }

  #word(value: number): void {
    this.#byte((value >>> 24) & 0xff);
    this.#byte((value >>> 16) & 0xff);
    this.#byte((value >>> 8) & 0xff);
    this.#byte(value & 0xff);
  }
}
