/**
 * The keys and their values, the hash of all of them, and a walk over them as they once were.
 *
 * Who changes a value says so before and after: before, so that a running snapshot keeps what it
 * has not written yet; after, so that the hash follows. Knows nothing of commands.
 */
import { beginLanes, hashLatin1, type Lanes, mixWith } from './byte-hash.ts';
import type { Frozen, SnapshotEpoch } from './frozen.ts';
import { LinearMap, LinearMapCursor } from './linear-map.ts';
import { ListValue } from './list-value.ts';
import { SetValue } from './set-value.ts';
import { StringValue } from './string-value.ts';

export type Value = StringValue | ListValue | SetValue;

/** A key, one character for each byte, with its hash. */
export interface Place extends Readonly<Lanes> {
  readonly name: string;
}

const lanes: Lanes = { a: 0, b: 0 };

export function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function placeOf(key: Uint8Array): Place {
  const name = nameOf(key);
  hashLatin1(lanes, name);
  return { name, a: lanes.a, b: lanes.b };
}

export class Keyspace {
  readonly #snapshots: SnapshotEpoch;
  readonly #values = new LinearMap<Value>();
  #sumA = 0;
  #sumB = 0;
  /** What changed before the running snapshot came to it. */
  #frozen: Frozen[] = [];
  #cursor: LinearMapCursor<Value> | null = null;
  /** How many of the keys of then are not handed over yet. */
  #left = 0;

  constructor(snapshots: SnapshotEpoch) {
    this.#snapshots = snapshots;
  }

  get size(): number {
    return this.#values.size;
  }

  get(place: Place): Value | undefined {
    return this.#values.get(place.name, place.a);
  }

  /** Replaces nothing: the place is empty. */
  insertString(place: Place, bytes: Uint8Array): void {
    const value = new StringValue(bytes, this.#snapshots.current);
    this.#values.set(place.name, place.a, value);
    this.afterChange(place, value);
  }

  /** Empty and not counted in the hash until `afterChange`; to be filled at once. */
  insertList(place: Place): ListValue {
    const value = new ListValue(this.#snapshots);
    this.#values.set(place.name, place.a, value);
    return value;
  }

  /** As `insertList`. */
  insertSet(place: Place): SetValue {
    const value = new SetValue(this.#snapshots);
    this.#values.set(place.name, place.a, value);
    return value;
  }

  remove(place: Place): boolean {
    const value = this.get(place);
    if (value === undefined) return false;
    this.beforeChange(place, value);
    this.#values.delete(place.name, place.a);
    this.#sumA = (this.#sumA - value.share.a) | 0;
    this.#sumB = (this.#sumB - value.share.b) | 0;
    return true;
  }

  beforeChange(place: Place, value: Value): void {
    if (!this.#snapshots.running || value.epoch >= this.#snapshots.current) return;
    this.#frozen.push(this.#freeze(place.name, value));
  }

  afterChange(place: Place, value: Value): void {
    value.digest(lanes);
    mixWith(lanes, place.a, place.b);
    const { share } = value;
    this.#sumA = (this.#sumA - share.a + lanes.a) | 0;
    this.#sumB = (this.#sumB - share.b + lanes.b) | 0;
    share.a = lanes.a;
    share.b = lanes.b;
  }

  /** Of all keys and values, in whatever order they came. */
  digest(into: Lanes): void {
    beginLanes(into);
    mixWith(into, this.#sumA, this.#sumB);
    mixWith(into, this.size | 0, 0);
  }

  /** `snapshots` has just got a new epoch. What an older snapshot had left is forgotten. */
  beginSnapshot(): void {
    this.#frozen = [];
    this.#cursor = new LinearMapCursor(this.#values);
    this.#left = this.size;
  }

  /** What the snapshot writes next; null for nothing in this step; 'end' when all was given. */
  nextFrozen(): Frozen | null | 'end' {
    const frozen = this.#frozen.pop();
    if (frozen !== undefined) return frozen;
    if (this.#left === 0) {
      this.#cursor = null;
      return 'end';
    }
    const step = this.#cursor?.next() ?? null;
    if (step === null) throw new RangeError(`${this.#left} keys are lost to the snapshot`);
    if (step === 'bucketEnds') return null;
    const [name, value] = step;
    return value.epoch >= this.#snapshots.current ? null : this.#freeze(name, value);
  }

  #freeze(name: string, value: Value): Frozen {
    value.epoch = this.#snapshots.current;
    this.#left -= 1;
    return value.freeze(name);
  }
}
