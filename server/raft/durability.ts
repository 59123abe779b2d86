/**
 * How far the disk has got: which prefix of the log in memory is known to be durable.
 *
 * It goes by write ids, never by indexes, for an index alone is ambiguous (an ABA):
 *   1. write 1 puts entry 5 of term 2 on its way to the disk;
 *   2. a new leader replaces it: write 2 carries entry 5 of term 3;
 *   3. write 1 completes. "Entry 5 is durable" is true of the old one only.
 * A leader that believed it would count itself for an entry that a crash still takes away.
 */
import { InvariantError } from './invariant-error.ts';

interface WriteInFlight {
  readonly id: number;
  /** What this write makes durable of the log as it is now; lowered by a truncation. */
  lastIndex: number;
}

export class Durability {
  #durableIndex: number;
  #lastWriteId = 0;
  #lastWrittenId = 0;
  #inFlight: WriteInFlight[] = [];

  constructor(recoveredLastIndex: number) {
    this.#durableIndex = recoveredLastIndex;
  }

  /** Every entry up to here is on disk, and equal to the one in memory. */
  get durableIndex(): number {
    return this.#durableIndex;
  }

  /** The id that the next write will have. */
  get nextWriteId(): number {
    return this.#lastWriteId + 1;
  }

  /** Entries at and beyond `index` are about to be replaced. */
  truncateFrom(index: number): void {
    this.#durableIndex = Math.min(this.#durableIndex, index - 1);
    for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, index - 1);
  }

  /** A write leaves; `lastIndex` is its last entry's, or 0 when it has none. Returns its id. */
  issue(lastIndex: number): number {
    const id = this.nextWriteId;
    this.#lastWriteId = id;
    this.#inFlight.push({ id, lastIndex });
    return id;
  }

  /** The write with this id, and every earlier one, is durable. */
  written(writeId: number): void {
    if (writeId > this.#lastWriteId || writeId < this.#lastWrittenId) {
      throw new InvariantError('writes become durable in the order in which they were issued', {
        writeId,
        lastWriteId: this.#lastWriteId,
        lastWrittenId: this.#lastWrittenId,
      });
    }
    this.#lastWrittenId = writeId;
    const first = this.#inFlight.findIndex((write) => write.id > writeId);
    const done = this.#inFlight.splice(0, first === -1 ? this.#inFlight.length : first);
    for (const write of done) this.#durableIndex = Math.max(this.#durableIndex, write.lastIndex);
  }

  isWritten(writeId: number): boolean {
    return writeId <= this.#lastWrittenId;
  }
}
