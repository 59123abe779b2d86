/**
 * The memory of the search: which configurations it has been in. [Lowe17]
 *
 * Keys are exact, a hash only finds them. For one key it keeps those that are not better than one
 * another: who comes back with more open operations used, or with more observers still to place,
 * can do no more than before.
 */
import { hashWords } from './hash-words.ts';
import type { UsedCounts } from './used-counts.ts';

/** Words of an entry besides key and observers: the vector, and the next entry of the same key. */
const extraWords = 2;
const chunkBits = 12;
const entriesPerChunk = 1 << chunkBits;
const tableWordsFirst = 256;

export interface KeyShape {
  /** Words that must be equal. */
  readonly exactWords: number;
  /** Bits of observers that are still to place; the words after the exact ones. */
  readonly observerWords: number;
}

export class Visited {
  readonly #exactWords: number;
  readonly #keyWords: number;
  readonly #stride: number;
  readonly #used: UsedCounts;
  /** Entry numbers plus one; 0 is free. Each leads to the newest entry of its key. */
  #table: Int32Array = new Int32Array(tableWordsFirst);
  /** In chunks, so that growing copies nothing. */
  readonly #chunks: Int32Array[] = [];
  #entryCount = 0;
  #keyCount = 0;
  readonly #hash: (words: Int32Array, start: number, count: number) => number;

  /** `hash` is replaced only by the test that makes all keys collide. */
  constructor(shape: KeyShape, used: UsedCounts, hash: typeof hashWords = hashWords) {
    this.#exactWords = shape.exactWords;
    this.#keyWords = shape.exactWords + shape.observerWords;
    this.#stride = this.#keyWords + extraWords;
    this.#used = used;
    this.#hash = hash;
  }

  /** What it holds, and what it will hold while it grows next when that is near. */
  get byteLength(): number {
    const isGrowthNear = (this.#keyCount + entriesPerChunk) * 2 > this.#table.length;
    const table = this.#table.byteLength * (isGrowthNear ? 3 : 1);
    return table + (this.#chunks.length + 1) * entriesPerChunk * this.#stride * 4;
  }

  get size(): number {
    return this.#entryCount;
  }

  /** Forgets everything, and keeps its space when that is small. */
  clear(): void {
    this.#chunks.length = Math.min(this.#chunks.length, 1);
    if (this.#table.length > 4 * tableWordsFirst && this.#keyCount * 8 < this.#table.length) {
      this.#table = new Int32Array(this.#table.length / 2);
    } else this.#table.fill(0);
    this.#entryCount = 0;
    this.#keyCount = 0;
  }

  /** Whether the key was there with no more used and no more observers to place. */
  covers(key: Int32Array, vector: number): boolean {
    let entry = (this.#table[this.#find(key)] ?? 0) - 1;
    while (entry >= 0) {
      const chunk = this.#chunkOf(entry);
      const base = this.#baseOf(entry);
      const isCovered =
        this.#used.isWithin(chunk[base + this.#keyWords] ?? 0, vector) &&
        this.#hasFewerObservers(chunk, base, key);
      if (isCovered) return true;
      entry = chunk[base + this.#keyWords + 1] ?? -1;
    }
    return false;
  }

  /** Remembers a configuration that is not covered. */
  add(key: Int32Array, vector: number): void {
    const place = this.#find(key);
    const first = (this.#table[place] ?? 0) - 1;
    if (first < 0) this.#keyCount += 1;
    if (this.#replaceWorse(first, key, vector)) return;
    const entry = this.#entryCount;
    if (entry >> chunkBits === this.#chunks.length) {
      this.#chunks.push(new Int32Array(entriesPerChunk * this.#stride));
    }
    const chunk = this.#chunkOf(entry);
    const base = this.#baseOf(entry);
    for (let word = 0; word < this.#keyWords; word += 1) chunk[base + word] = key[word] ?? 0;
    chunk[base + this.#keyWords] = vector;
    chunk[base + this.#keyWords + 1] = first;
    this.#entryCount += 1;
    this.#table[place] = this.#entryCount;
    if (this.#keyCount * 2 > this.#table.length) this.#growTable();
  }

  /** Takes the place of an entry that can do no more than the new one. */
  #replaceWorse(first: number, key: Int32Array, vector: number): boolean {
    for (let entry = first; entry >= 0; ) {
      const chunk = this.#chunkOf(entry);
      const base = this.#baseOf(entry);
      const isWorse =
        this.#used.isWithin(vector, chunk[base + this.#keyWords] ?? 0) &&
        this.#hasMoreObservers(chunk, base, key);
      if (isWorse) {
        for (let word = this.#exactWords; word < this.#keyWords; word += 1) {
          chunk[base + word] = key[word] ?? 0;
        }
        chunk[base + this.#keyWords] = vector;
        return true;
      }
      entry = chunk[base + this.#keyWords + 1] ?? -1;
    }
    return false;
  }

  #hasMoreObservers(chunk: Int32Array, base: number, key: Int32Array): boolean {
    for (let word = this.#exactWords; word < this.#keyWords; word += 1) {
      if (((key[word] ?? 0) & ~(chunk[base + word] ?? 0)) !== 0) return false;
    }
    return true;
  }

  #hasFewerObservers(chunk: Int32Array, base: number, key: Int32Array): boolean {
    for (let word = this.#exactWords; word < this.#keyWords; word += 1) {
      if (((chunk[base + word] ?? 0) & ~(key[word] ?? 0)) !== 0) return false;
    }
    return true;
  }

  /** Where the key is, or the free place where it belongs. */
  #find(key: Int32Array): number {
    const mask = this.#table.length - 1;
    let place = this.#hash(key, 0, this.#exactWords) & mask;
    for (;;) {
      const entry = (this.#table[place] ?? 0) - 1;
      if (entry < 0 || this.#hasKey(entry, key)) return place;
      place = (place + 1) & mask;
    }
  }

  #hasKey(entry: number, key: Int32Array): boolean {
    const chunk = this.#chunkOf(entry);
    const base = this.#baseOf(entry);
    for (let word = 0; word < this.#exactWords; word += 1) {
      if (chunk[base + word] !== key[word]) return false;
    }
    return true;
  }

  #chunkOf(entry: number): Int32Array {
    return this.#chunks[entry >> chunkBits] ?? noWords;
  }

  #baseOf(entry: number): number {
    return (entry & (entriesPerChunk - 1)) * this.#stride;
  }

  #growTable(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    const mask = this.#table.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      const start = this.#baseOf(entry - 1);
      let place = this.#hash(this.#chunkOf(entry - 1), start, this.#exactWords) & mask;
      while (this.#table[place] !== 0) place = (place + 1) & mask;
      this.#table[place] = entry;
    }
  }
}

const noWords = new Int32Array(0);
