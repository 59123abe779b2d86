/**
 * The trace: a running hash of everything that happened in a simulation.
 *
 * Two runs with equal hashes had the same messages, disk operations, logs and client bytes at the
 * same moments. It is how a test sees that a seed repeats; it is not meant against an adversary.
 */

const contentBytesMax = 2048;

export class Trace {
  #first = 0x811c9dc5 | 0;
  #second = 0x9e3779b9 | 0;

  /** Adds a whole number below 2^53. */
  number(value: number): void {
    this.#mix(value | 0);
    this.#mix((value / 4_294_967_296) | 0);
  }

  text(text: string): void {
    const { length } = text;
    this.#mix(length);
    const even = length & ~1;
    for (let at = 0; at < even; at += 2) {
      this.#mix(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    }
    if (even < length) this.#mix(text.charCodeAt(even));
  }

  /** Four at a time, since there are some hundred thousand of them in a run. */
  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#mix(length);
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4) this.#mix(wordAt(bytes, at));
    for (let at = whole; at < length; at++) this.#mix(bytes[at] ?? 0);
  }

  /** Of what is long (zeros that are written ahead, snapshots) the length says enough. */
  content(bytes: Uint8Array): void {
    if (bytes.length > contentBytesMax) this.number(bytes.length);
    else this.bytes(bytes);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return [this.#first, this.#second]
      .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
      .join('');
  }

  /** FNV-1a in one word; a multiply and rotate in the other, so that both rarely collide. */
  #mix(value: number): void {
    this.#first = Math.imul(this.#first ^ value, 0x01000193);
    const second = Math.imul(this.#second + value, 0x85ebca6b);
    this.#second = (second << 13) | (second >>> 19);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
