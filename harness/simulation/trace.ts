/**
 * The trace: a running hash of everything that happened in a simulation.
 *
 * Two runs with equal hashes had the same messages, disk operations, logs and client bytes at the
 * same moments. It is how a test sees that a seed repeats; it is not meant against an adversary.
 */

export class Trace {
  #first = 0x811c9dc5 | 0;
  #second = 0x9e3779b9 | 0;

  /** Adds a whole number below 2^53. */
  number(value: number): void {
    this.#mix(value | 0);
    this.#mix((value / 4_294_967_296) | 0);
  }

  text(text: string): void {
    this.#mix(text.length);
    for (let position = 0; position < text.length; position++) this.#mix(text.charCodeAt(position));
  }

  bytes(bytes: Uint8Array): void {
    this.#mix(bytes.length);
    for (const byte of bytes) this.#mix(byte);
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
