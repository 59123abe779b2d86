/**
 * The memory of the search: which configurations it has been in. [Lowe17]
 *
 * Keys are exact, a hash only finds them. For one key it keeps the sets of used open operations
 * that are not contained in one another: who comes back with more used than before can do no
 * more than before.
 */
import type { UsedCounts } from './used-counts.ts';

/** Words of an entry besides the key: the vector, and the next entry of the same key. */
const extraWords = 2;

export class Visited {
  readonly #keyWords: number;
  readonly #stride: number;
  readonly #used: UsedCounts;
  /** Entry numbers plus one; 0 is free. */
  #table: Int32Array = new Int32Array(1024);
  #entries: Int32Array;
  #entryCount = 0;
  #keyCount = 0;
  readonly #hash: (key: Int32Array) => number;

  /** `hash` is replaced only by the test that makes all keys collide. */
  constructor(keyWords: number, used: UsedCounts, hash: (key: Int32Array) => number = hashWords) {
    this.#keyWords = keyWords;
    this.#stride = keyWords + extraWords;
    this.#used = used;
    this.#entries = new Int32Array(256 * this.#stride);
    this.#hash = hash;
  }

  get byteLength(): number {
    return this.#table.byteLength + this.#entries.byteLength;
  }

  get size(): number {
    return this.#entryCount;
  }

  /** Whether the key was there with no more used. */
  covers(key: Int32Array, vector: number): boolean {
    const first = (this.#table[this.#find(key)] ?? 0) - 1;
    for (let entry = first; entry >= 0; entry = this.#nextOf(entry)) {
      if (this.#used.isWithin(this.#vectorOf(entry), vector)) return true;
    }
    return false;
  }

  /** Remembers a configuration that is not covered. */
  add(key: Int32Array, vector: number): void {
    const place = this.#find(key);
    const first = (this.#table[place] ?? 0) - 1;
    for (let entry = first; entry >= 0; entry = this.#nextOf(entry)) {
      if (!this.#used.isWithin(vector, this.#vectorOf(entry))) continue;
      this.#entries[entry * this.#stride + this.#keyWords] = vector;
      return;
    }
    if ((this.#entryCount + 1) * this.#stride > this.#entries.length) this.#growEntries();
    const base = this.#entryCount * this.#stride;
    this.#entries.set(key, base);
    this.#entries[base + this.#keyWords] = vector;
    this.#entries[base + this.#keyWords + 1] = first;
    this.#entryCount += 1;
    this.#table[place] = this.#entryCount;
    if (first < 0) this.#keyCount += 1;
    if (this.#keyCount * 2 > this.#table.length) this.#growTable();
  }

  /** Where the key is, or the free place where it belongs. */
  #find(key: Int32Array): number {
    const mask = this.#table.length - 1;
    let place = this.#hash(key) & mask;
    for (;;) {
      const entry = (this.#table[place] ?? 0) - 1;
      if (entry < 0 || this.#hasKey(entry, key)) return place;
      place = (place + 1) & mask;
    }
  }

  #hasKey(entry: number, key: Int32Array): boolean {
    const base = entry * this.#stride;
    for (let word = 0; word < this.#keyWords; word += 1) {
      if (this.#entries[base + word] !== key[word]) return false;
    }
    return true;
  }

  #vectorOf(entry: number): number {
    return this.#entries[entry * this.#stride + this.#keyWords] ?? 0;
  }

  #nextOf(entry: number): number {
    return this.#entries[entry * this.#stride + this.#keyWords + 1] ?? -1;
  }

  #growEntries(): void {
    const grown = new Int32Array(this.#entries.length * 2);
    grown.set(this.#entries);
    this.#entries = grown;
  }

  /** Each place holds the newest entry of its key, which leads to the older ones. */
  #growTable(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    for (const entry of old) {
      if (entry === 0) continue;
      const base = (entry - 1) * this.#stride;
      this.#table[this.#find(this.#entries.subarray(base, base + this.#keyWords))] = entry;
    }
  }
}

/** Multiply and shift over all words. */
export function hashWords(key: Int32Array): number {
  let hash = 0x9e3779b9 | 0;
  for (const word of key) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
