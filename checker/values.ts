/**
 * The values of a history as small numbers: equal values have equal ids, and id 0 is null.
 *
 * Integers, which is what most values are, live in typed arrays, so that a history of a million
 * unique values holds no million objects. Everything else is kept once, under its canonical text.
 */
import { valueKey } from './value-key.ts';

/** The id of null, an absent value, in every table. */
export const absentValue = 0;

/** A table in a form that may be posted to a worker thread. */
export interface ValueTableRecord {
  /** By id; NaN where the value is not an integer. */
  readonly integers: Float64Array;
  /** The values that are not integers, with their ids. */
  readonly others: readonly (readonly [id: number, value: unknown])[];
}

export class ValueTable {
  /** By id; NaN where the value is not an integer. */
  #integers: Float64Array = new Float64Array(64);
  readonly #others = new Map<number, unknown>();
  readonly #othersByKey = new Map<string, number>();
  /** Open addressing over the integers: ids plus one, 0 is free. */
  #places: Int32Array = new Int32Array(128);
  #integerCount = 0;
  #size = 0;

  constructor() {
    this.#addOther(null, 'null');
  }

  /** Takes over a record; it must not be changed afterwards. */
  static from({ integers, others }: ValueTableRecord): ValueTable {
    const table = new ValueTable();
    table.#integers = integers;
    table.#size = integers.length;
    for (const [id, value] of others) {
      table.#others.set(id, value);
      table.#othersByKey.set(valueKey(value), id);
    }
    table.#integerCount = integers.length - table.#others.size;
    table.#rehash();
    return table;
  }

  toRecord(): ValueTableRecord {
    // What no history can hold cannot be posted either, and means nothing elsewhere.
    const others = [...this.#others].filter(([, value]) => typeof value !== 'symbol');
    return { integers: this.#integers.slice(0, this.#size), others };
  }

  /** How many different values there are; ids are below it. */
  get size(): number {
    return this.#size;
  }

  /** The id of a value, new if it was not known. undefined is null. */
  idOf(value: unknown): number {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return this.idOfInteger(value);
    const key = valueKey(value);
    return this.#othersByKey.get(key) ?? this.#addOther(value ?? null, key);
  }

  /** The same for what is known to be a safe integer, and quicker. */
  idOfInteger(value: number): number {
    const place = this.#placeOf(value);
    const known = this.#places[place] ?? 0;
    if (known > 0) return known - 1;
    const id = this.#append(value === 0 ? 0 : value);
    this.#places[place] = id + 1;
    this.#integerCount += 1;
    if (this.#integerCount * 2 > this.#places.length) this.#rehash();
    return id;
  }

  /** The id of a value that is in the table, or -1. */
  find(value: unknown): number {
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      return (this.#places[this.#placeOf(value)] ?? 0) - 1;
    }
    return this.#othersByKey.get(valueKey(value)) ?? -1;
  }

  valueOf(id: number): unknown {
    const integer = this.#integers[id] ?? Number.NaN;
    return Number.isNaN(integer) ? this.#others.get(id) : integer;
  }

  /** Canonical text: two values are equal exactly when theirs is. */
  keyOf(id: number): string {
    return valueKey(this.valueOf(id));
  }

  #addOther(value: unknown, key: string): number {
    const id = this.#append(Number.NaN);
    this.#others.set(id, value);
    this.#othersByKey.set(key, id);
    return id;
  }

  #append(integer: number): number {
    if (this.#size === this.#integers.length) {
      const grown = new Float64Array(this.#integers.length * 2);
      grown.set(this.#integers);
      this.#integers = grown;
    }
    this.#integers[this.#size] = integer;
    this.#size += 1;
    return this.#size - 1;
  }

  /** Where an integer is, or the free place where it belongs. */
  #placeOf(value: number): number {
    const mask = this.#places.length - 1;
    // Both halves count: ids of many systems differ in the upper one only.
    const folded = (value | 0) ^ Math.imul((value / 0x1_0000_0000) | 0, 0x27d4eb2f);
    let hash = Math.imul(folded, 0x9e3779b1);
    hash ^= hash >>> 15;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const id = (this.#places[place] ?? 0) - 1;
      if (id < 0 || this.#integers[id] === value) return place;
    }
  }

  #rehash(): void {
    let length = this.#places.length;
    while (length < this.#integerCount * 4) length *= 2;
    this.#places = new Int32Array(length);
    for (let id = 0; id < this.#size; id += 1) {
      const integer = this.#integers[id] ?? Number.NaN;
      if (!Number.isNaN(integer)) this.#places[this.#placeOf(integer)] = id + 1;
    }
  }
}
