/**
 * A list: a deque in chunks, each of which is copied when it changes under a running snapshot.
 *
 * Elements have positions that only count up to the right and down to the left. The hash is a
 * polynomial over the elements from the left, Σ hash(i)·x^i modulo a prime, in two lanes: pushing
 * and popping at either end changes it in constant time, and the positions do not matter.
 */
import { hashBytes, type Lanes, mixWith } from './byte-hash.ts';
import { type Frozen, type SnapshotEpoch, tags } from './frozen.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';
import { Polynomial } from './polynomial.ts';
import { copyBytes } from './string-value.ts';

const chunkElements = 64;

interface Chunk {
  epoch: number;
  items: (Uint8Array | undefined)[];
}

const lanes: Lanes = { a: 0, b: 0 };

export class ListValue {
  readonly type = 'list';
  epoch: number;
  readonly share: Lanes = { a: 0, b: 0 };
  readonly #snapshots: SnapshotEpoch;
  readonly #chunks = new Map<number, Chunk>();
  readonly #polynomial = new Polynomial();
  /** The first element's position, and the one behind the last. */
  #head = 0;
  #tail = 0;
  #frozen: FrozenList | null = null;

  constructor(snapshots: SnapshotEpoch) {
    this.#snapshots = snapshots;
    this.epoch = snapshots.current;
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  /** The bytes are copied. */
  push(side: 'left' | 'right', bytes: Uint8Array): void {
    hashBytes(lanes, bytes);
    if (side === 'left') {
      this.#head -= 1;
      this.#put(this.#head, copyBytes(bytes));
      this.#polynomial.pushLeft(lanes);
    } else {
      this.#put(this.#tail, copyBytes(bytes));
      this.#tail += 1;
      this.#polynomial.pushRight(lanes);
    }
  }

  pop(side: 'left' | 'right'): Uint8Array | null {
    if (this.length === 0) return null;
    const position = side === 'left' ? this.#head : this.#tail - 1;
    const bytes = this.#take(position);
    hashBytes(lanes, bytes);
    if (side === 'left') {
      this.#head += 1;
      this.#polynomial.popLeft(lanes);
    } else {
      this.#tail -= 1;
      this.#polynomial.popRight(lanes);
    }
    this.#dropChunk(position);
    return bytes;
  }

  /** Both ends included; negative ones count from the end, as in LRANGE. */
  range(start: number, stop: number): Uint8Array[] {
    const { length } = this;
    const first = Math.max(start < 0 ? start + length : start, 0);
    const last = Math.min(stop < 0 ? stop + length : stop, length - 1);
    const items: Uint8Array[] = [];
    for (let place = first; place <= last; place += 1) items.push(this.#at(this.#head + place));
    return items;
  }

  digest(into: Lanes): void {
    into.a = this.#polynomial.a | 0;
    into.b = this.#polynomial.b | 0;
    mixWith(into, this.length | 0, 0x6c);
  }

  freeze(name: string): Frozen {
    const frozen = new FrozenList(name, this.#chunks, { head: this.#head, tail: this.#tail });
    this.#frozen = frozen;
    return frozen;
  }

  #at(position: number): Uint8Array {
    return itemAt(this.#chunks.get(chunkOf(position))?.items, position);
  }

  #put(position: number, bytes: Uint8Array): void {
    const id = chunkOf(position);
    let chunk = this.#chunks.get(id);
    if (chunk === undefined) {
      chunk = { epoch: this.#snapshots.current, items: [] };
      this.#chunks.set(id, chunk);
    } else this.#beforeChange(id, chunk);
    chunk.items[position - id * chunkElements] = bytes;
  }

  #take(position: number): Uint8Array {
    const id = chunkOf(position);
    const chunk = this.#chunks.get(id);
    const bytes = itemAt(chunk?.items, position);
    if (chunk === undefined) return bytes;
    this.#beforeChange(id, chunk);
    chunk.items[position - id * chunkElements] = undefined;
    return bytes;
  }

  /** The chunk that held this position, when no element is left in it. */
  #dropChunk(position: number): void {
    const id = chunkOf(position);
    const begin = id * chunkElements;
    const empty = this.length === 0 || begin >= this.#tail || begin + chunkElements <= this.#head;
    if (empty) this.#chunks.delete(id);
  }

  #beforeChange(id: number, chunk: Chunk): void {
    if (!this.#snapshots.running || chunk.epoch >= this.#snapshots.current) return;
    this.#frozen?.keep(id, chunk.items);
    chunk.epoch = this.#snapshots.current;
  }
}

/** The list as it was: chunks that changed since then are kept here, the others are still live. */
class FrozenList implements Frozen {
  readonly #name: string;
  readonly #live: ReadonlyMap<number, Chunk>;
  readonly #kept = new Map<number, readonly (Uint8Array | undefined)[]>();
  readonly #length: number;
  readonly #tail: number;
  #next: number;
  #begun = false;

  constructor(
    name: string,
    live: ReadonlyMap<number, Chunk>,
    { head, tail }: { readonly head: number; readonly tail: number },
  ) {
    this.#name = name;
    this.#live = live;
    this.#next = head;
    this.#tail = tail;
    this.#length = tail - head;
  }

  /** Called before the chunk changes for the first time since. */
  keep(id: number, items: readonly (Uint8Array | undefined)[]): void {
    const passed = (id + 1) * chunkElements <= this.#next;
    if (!passed && id * chunkElements < this.#tail) this.#kept.set(id, items.slice());
  }

  writeNext(writer: MsgpackWriter): boolean {
    if (!this.#begun) {
      this.#begun = true;
      writer.uint(tags.list);
      writer.latin1(this.#name);
      writer.uint(this.#length);
      return true;
    }
    const id = chunkOf(this.#next);
    const items = this.#kept.get(id) ?? this.#live.get(id)?.items;
    writer.bytes(itemAt(items, this.#next));
    this.#next += 1;
    if (chunkOf(this.#next) !== id) this.#kept.delete(id);
    return this.#next < this.#tail;
  }
}

function chunkOf(position: number): number {
  return Math.floor(position / chunkElements);
}

function itemAt(
  items: readonly (Uint8Array | undefined)[] | undefined,
  position: number,
): Uint8Array {
  const item = items?.[position - chunkOf(position) * chunkElements];
  if (item === undefined) throw new RangeError(`the list has no element at ${position}`);
  return item;
}
