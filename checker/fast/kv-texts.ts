/**
 * Prefixes of texts as small numbers, found again without being compared letter by letter.
 *
 * A prefix is a text and a length. Its hash comes from one pass over the text; what has the same
 * hash and length is compared once more in full, so a collision costs time and no answer.
 */

export class PrefixTable {
  readonly #firstByHash = new Map<number, number>();
  readonly #next: number[] = [];
  readonly texts: string[] = [];
  readonly lengths: number[] = [];
  #text = '';
  #hashes = new Int32Array(64);

  /** The text whose prefixes are meant from now on. */
  open(text: string): void {
    this.#text = text;
    if (this.#hashes.length <= text.length) this.#hashes = new Int32Array(2 * text.length + 1);
    let hash = 0;
    for (let at = 0; at < text.length; at += 1) {
      hash = (Math.imul(hash, 0x01000193) + text.charCodeAt(at) + 1) | 0;
      this.#hashes[at + 1] = hash;
    }
  }

  /** The number of the prefix of that length, -1 when it is new. */
  find(length: number): number {
    const text = this.#text;
    let at = this.#firstByHash.get(this.#keyOf(length)) ?? -1;
    for (; at >= 0; at = this.#next[at] ?? -1) {
      if (this.lengths[at] !== length) continue;
      const other = this.texts[at] ?? '';
      if (other === text) return at;
      if (text.slice(0, length) === other.slice(0, length)) return at;
    }
    return -1;
  }

  /** Adds a prefix that is new, and gives its number: they are counted from 0. */
  add(length: number): number {
    const key = this.#keyOf(length);
    const at = this.texts.length;
    this.texts.push(this.#text);
    this.lengths.push(length);
    this.#next.push(this.#firstByHash.get(key) ?? -1);
    this.#firstByHash.set(key, at);
    return at;
  }

  #keyOf(length: number): number {
    const hash = length === 0 ? 0 : (this.#hashes[length] ?? 0) >>> 0;
    return hash * 0x10_0000 + (length & 0xf_ffff);
  }
}
