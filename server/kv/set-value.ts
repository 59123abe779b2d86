/**
 * A set of byte strings, each with the epoch in which it came in or was written to a snapshot.
 *
 * A member of an older epoch than the running snapshot's was there when that began; one that is
 * taken out before the snapshot has come to it is handed over first. The hash is the sum of the
 * members' hashes, so the order in which they came does not matter.
 */
import { hashLatin1, type Lanes, mixWith } from './byte-hash.ts';
import { type Frozen, type SnapshotEpoch, tags } from './frozen.ts';
import { LinearMap, LinearMapCursor } from './linear-map.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

const lanes: Lanes = { a: 0, b: 0 };

export class SetValue {
  readonly type = 'set';
  epoch: number;
  readonly share: Lanes = { a: 0, b: 0 };
  readonly #snapshots: SnapshotEpoch;
  /** One character for each byte of a member. */
  readonly #members = new LinearMap<number>();
  #sumA = 0;
  #sumB = 0;
  #frozen: FrozenSet | null = null;

  constructor(snapshots: SnapshotEpoch) {
    this.#snapshots = snapshots;
    this.epoch = snapshots.current;
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: string): boolean {
    hashLatin1(lanes, member);
    return this.#members.get(member, lanes.a) !== undefined;
  }

  /** Whether it was not there before. */
  add(member: string): boolean {
    hashLatin1(lanes, member);
    if (this.#members.get(member, lanes.a) !== undefined) return false;
    const { a, b } = lanes;
    this.#members.set(member, a, this.#snapshots.current);
    this.#sumA = (this.#sumA + a) | 0;
    this.#sumB = (this.#sumB + b) | 0;
    return true;
  }

  /** Whether it was there. */
  remove(member: string): boolean {
    hashLatin1(lanes, member);
    const { a, b } = lanes;
    const epoch = this.#members.get(member, a);
    if (epoch === undefined) return false;
    if (this.#snapshots.running && epoch < this.#snapshots.current) this.#frozen?.keep(member);
    this.#members.delete(member, a);
    this.#sumA = (this.#sumA - a) | 0;
    this.#sumB = (this.#sumB - b) | 0;
    return true;
  }

  members(): Uint8Array[] {
    return Array.from(this.#members.names(), (name) => Buffer.from(name, 'latin1'));
  }

  digest(into: Lanes): void {
    into.a = this.#sumA;
    into.b = this.#sumB;
    mixWith(into, this.size | 0, 0x73);
  }

  freeze(name: string): Frozen {
    const frozen = new FrozenSet(name, this.#members, this.#snapshots.current);
    this.#frozen = frozen;
    return frozen;
  }
}

class FrozenSet implements Frozen {
  readonly #name: string;
  readonly #epoch: number;
  readonly #cursor: LinearMapCursor<number>;
  readonly #removed: string[] = [];
  #left: number;
  #begun = false;

  constructor(name: string, members: LinearMap<number>, epoch: number) {
    this.#name = name;
    this.#epoch = epoch;
    this.#cursor = new LinearMapCursor(members);
    this.#left = members.size;
  }

  /** Called before a member goes that has not been written yet. */
  keep(member: string): void {
    this.#removed.push(member);
  }

  writeNext(writer: MsgpackWriter): boolean {
    if (!this.#begun) {
      this.#begun = true;
      writer.uint(tags.set);
      writer.latin1(this.#name);
      writer.uint(this.#left);
      return true;
    }
    const member = this.#removed.pop() ?? this.#nextLive();
    if (member !== null) {
      writer.latin1(member);
      this.#left -= 1;
    }
    return this.#left > 0;
  }

  /** Null: this step met one that came later or was written already. */
  #nextLive(): string | null {
    const step = this.#cursor.next();
    if (step === null) throw new RangeError(`${this.#left} members of a set are lost`);
    if (step === 'bucketEnds' || step[1] >= this.#epoch) return null;
    this.#cursor.replace(step[0], this.#epoch);
    return step[0];
  }
}
