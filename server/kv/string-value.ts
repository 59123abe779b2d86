/**
 * A string: bytes that only grow at their end or are replaced.
 *
 * An append writes behind the end, so a view that somebody holds (an answer on its way, a snapshot)
 * never changes; and it costs what is appended, not what was there.
 */
import { absorbBlocks, beginLanes, finishLanes, type Lanes, wholeBlocks } from './byte-hash.ts';
import { type Frozen, tags } from './frozen.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

/** A resulting string is at most so long; more is answered with an error. */
export const stringBytesMax: number = 1024 * 1024;

export class StringValue {
  readonly type = 'string';
  epoch: number;
  /** What this value adds to the hash of the state. */
  readonly share: Lanes = { a: 0, b: 0 };
  #bytes: Uint8Array;
  /** How much of the memory is this value's own; none before the first append. */
  #capacity = 0;
  readonly #blocks: Lanes = { a: 0, b: 0 };

  /** The bytes are copied. */
  constructor(bytes: Uint8Array, epoch: number) {
    this.epoch = epoch;
    this.#bytes = copyBytes(bytes);
    beginLanes(this.#blocks);
    absorbBlocks(this.#blocks, this.#bytes, 0);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The bytes are copied. */
  replace(bytes: Uint8Array): void {
    this.#bytes = copyBytes(bytes);
    this.#capacity = 0;
    beginLanes(this.#blocks);
    absorbBlocks(this.#blocks, this.#bytes, 0);
  }

  append(more: Uint8Array): void {
    const { length } = this.#bytes;
    const needed = length + more.length;
    if (needed > this.#capacity) {
      this.#capacity = Math.min(Math.max(2 * needed, 64), Math.max(stringBytesMax, needed));
      const larger = new Uint8Array(this.#capacity);
      larger.set(this.#bytes);
      this.#bytes = larger.subarray(0, length);
    }
    const { buffer, byteOffset } = this.#bytes;
    this.#bytes = new Uint8Array(buffer, byteOffset, needed);
    this.#bytes.set(more, length);
    absorbBlocks(this.#blocks, this.#bytes, wholeBlocks(length));
  }

  digest(lanes: Lanes): void {
    lanes.a = this.#blocks.a;
    lanes.b = this.#blocks.b;
    finishLanes(lanes, this.#bytes);
  }

  freeze(name: string): Frozen {
    const bytes = this.#bytes;
    return {
      writeNext(writer: MsgpackWriter): boolean {
        writer.uint(tags.string);
        writer.latin1(name);
        writer.bytes(bytes);
        return false;
      },
    };
  }
}

/** In memory of its own: a view would keep the whole message alive that it came in. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
