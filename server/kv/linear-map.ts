/**
 * A map that never stops the world to grow: linear hashing over many small Maps.
 *
 * One Map of a million keys copies itself within a single insertion, and cannot hold more than
 * 2^24. Here an insertion splits at most one bucket. Buckets are never joined again: what a cursor
 * has not met yet can only move to where the cursor still comes.
 */
import { hashLatin1, type Lanes } from './byte-hash.ts';

const entriesPerBucket = 256;
const lanes: Lanes = { a: 0, b: 0 };

export class LinearMap<V> {
  readonly #buckets: Map<string, V>[] = [new Map()];
  /** Buckets at the beginning of this round of splits, a power of two. */
  #base = 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `hash`: lane a of the name's hash. */
  get(name: string, hash: number): V | undefined {
    return this.#bucket(hash).get(name);
  }

  set(name: string, hash: number, value: V): void {
    const bucket = this.#bucket(hash);
    const before = bucket.size;
    bucket.set(name, value);
    if (bucket.size === before) return;
    this.#size += 1;
    if (this.#size > this.#buckets.length * entriesPerBucket) this.#split();
  }

  delete(name: string, hash: number): boolean {
    const deleted = this.#bucket(hash).delete(name);
    if (deleted) this.#size -= 1;
    return deleted;
  }

  *names(): Generator<string> {
    for (const bucket of this.#buckets) yield* bucket.keys();
  }

  bucketAt(position: number): Map<string, V> | undefined {
    return this.#buckets[position];
  }

  #bucket(hash: number): Map<string, V> {
    let position = hash & (this.#base - 1);
    // Those before this round's next split have been split already.
    if (position < this.#buckets.length - this.#base) position = hash & (2 * this.#base - 1);
    const bucket = this.#buckets[position];
    if (bucket === undefined) throw new RangeError(`no bucket is at ${position}`);
    return bucket;
  }

  #split(): void {
    const bucket = this.#buckets[this.#buckets.length - this.#base];
    if (bucket === undefined) throw new RangeError('no bucket is left to split');
    const moved = new Map<string, V>();
    for (const [name, value] of bucket) {
      hashLatin1(lanes, name);
      if ((lanes.a & this.#base) === 0) continue;
      moved.set(name, value);
      bucket.delete(name);
    }
    this.#buckets.push(moved);
    if (this.#buckets.length === 2 * this.#base) this.#base *= 2;
  }
}

/**
 * Walks over a LinearMap while it changes: it meets each entry that is there all the time at least
 * once. One that was added meanwhile may be met; one that moves in a split may be met twice.
 */
export class LinearMapCursor<V> {
  readonly #map: LinearMap<V>;
  #position = 0;
  #bucket: Map<string, V> | undefined;
  #entries: Iterator<[string, V]> | null = null;

  constructor(map: LinearMap<V>) {
    this.#map = map;
  }

  /** Null at the end. One step of bounded work. */
  next(): readonly [string, V] | 'bucketEnds' | null {
    if (this.#entries === null) {
      this.#bucket = this.#map.bucketAt(this.#position);
      if (this.#bucket === undefined) return null;
      this.#entries = this.#bucket.entries();
    }
    const step = this.#entries.next();
    if (step.done !== true) return step.value;
    this.#position += 1;
    this.#entries = null;
    return 'bucketEnds';
  }

  /** Writes to the entry that `next` has just given. */
  replace(name: string, value: V): void {
    this.#bucket?.set(name, value);
  }
}
