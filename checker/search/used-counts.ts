/**
 * How many open operations of each class were linearized: sparse vectors, interned to numbers.
 *
 * Open operations of one class are interchangeable, so only their count matters. Vector 0 is
 * empty; equal vectors have equal numbers.
 */
import { hashWords } from './hash-words.ts';
import { StepTable, unknownStep } from './step-table.ts';

export class UsedCounts {
  /** Pairs of class and count, sorted by class, one vector after the other. */
  #words: Int32Array = new Int32Array(64);
  #starts: Int32Array = new Int32Array(16);
  #count = 1;
  /** Open addressing: vectors plus one, 0 is free. */
  #places: Int32Array = new Int32Array(32);
  readonly #next: StepTable;

  constructor(classCount: number) {
    this.#next = new StepTable(classCount);
    this.#places[this.#placeOf(0)] = 1;
  }

  get byteLength(): number {
    const words = this.#words.byteLength + this.#starts.byteLength + this.#places.byteLength;
    return words + this.#next.byteLength;
  }

  /** The vector with one more of the class. */
  increment(vector: number, operationClass: number): number {
    const known = this.#next.get(vector, operationClass);
    if (known !== unknownStep) return known;
    const id = this.#intern(vector, operationClass);
    this.#next.set(vector, operationClass, id);
    return id;
  }

  countOf(vector: number, operationClass: number): number {
    const end = this.#starts[vector + 1] ?? 0;
    for (let at = this.#starts[vector] ?? 0; at < end; at += 2) {
      if (this.#words[at] === operationClass) return this.#words[at + 1] ?? 0;
    }
    return 0;
  }

  /** Whether `a` used at most as many of every class as `b`. */
  isWithin(a: number, b: number): boolean {
    if (a === b || a === 0) return true;
    let at = this.#starts[b] ?? 0;
    const end = this.#starts[b + 1] ?? 0;
    const endOfFew = this.#starts[a + 1] ?? 0;
    for (let few = this.#starts[a] ?? 0; few < endOfFew; few += 2) {
      const wanted = this.#words[few] ?? 0;
      while (at < end && (this.#words[at] ?? 0) < wanted) at += 2;
      if (at >= end || this.#words[at] !== wanted) return false;
      if ((this.#words[few + 1] ?? 0) > (this.#words[at + 1] ?? 0)) return false;
    }
    return true;
  }

  /** Writes the vector behind all others, and keeps it there unless it was known. */
  #intern(vector: number, operationClass: number): number {
    this.#append(vector, operationClass);
    const place = this.#placeOf(this.#count);
    const known = this.#places[place] ?? 0;
    if (known > 0) return known - 1;
    const id = this.#count;
    this.#places[place] = id + 1;
    this.#count += 1;
    if (this.#count * 2 > this.#places.length) this.#growPlaces();
    return id;
  }

  #append(vector: number, operationClass: number): void {
    const from = this.#starts[vector] ?? 0;
    const to = this.#starts[vector + 1] ?? 0;
    let write = this.#starts[this.#count] ?? 0;
    if (write + (to - from) + 2 > this.#words.length) this.#words = doubled(this.#words);
    if (this.#count + 2 > this.#starts.length) this.#starts = doubled(this.#starts);
    let isIn = false;
    const put = (id: number, count: number): void => {
      this.#words[write] = id;
      this.#words[write + 1] = count;
      write += 2;
    };
    for (let at = from; at < to; at += 2) {
      const id = this.#words[at] ?? 0;
      if (!isIn && id > operationClass) put(operationClass, 1);
      if (id >= operationClass) isIn = true;
      put(id, (this.#words[at + 1] ?? 0) + (id === operationClass ? 1 : 0));
    }
    if (!isIn) put(operationClass, 1);
    this.#starts[this.#count + 1] = write;
  }

  #placeOf(vector: number): number {
    const start = this.#starts[vector] ?? 0;
    const length = (this.#starts[vector + 1] ?? 0) - start;
    const mask = this.#places.length - 1;
    let place = hashWords(this.#words, start, length) & mask;
    for (; ; place = (place + 1) & mask) {
      const other = (this.#places[place] ?? 0) - 1;
      if (other < 0 || this.#isSame(other, start, length)) return place;
    }
  }

  #isSame(other: number, start: number, length: number): boolean {
    const from = this.#starts[other] ?? 0;
    if ((this.#starts[other + 1] ?? 0) - from !== length) return false;
    for (let at = 0; at < length; at += 1) {
      if (this.#words[from + at] !== this.#words[start + at]) return false;
    }
    return true;
  }

  #growPlaces(): void {
    this.#places = new Int32Array(this.#places.length * 2);
    for (let id = 0; id < this.#count; id += 1) this.#places[this.#placeOf(id)] = id + 1;
  }
}

function doubled(words: Int32Array): Int32Array {
  const grown = new Int32Array(words.length * 2);
  grown.set(words);
  return grown;
}
