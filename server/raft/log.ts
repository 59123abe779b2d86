/**
 * The log in memory, and the only place that converts between 1-based indexes and arrays.
 *
 * It begins behind `base`, the last entry that was compacted away. It may be ahead of the disk:
 * `takeUnwritten` hands over what no write holds yet, and durability.ts knows how far the disk has
 * got. It knows no role and no commit index.
 */
import type { Entry, EntryId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';

export class RaftLog {
  #base: EntryId;
  #entries: Entry[] = [];
  #firstUnwrittenIndex: number;

  /** The entries as found on disk: base.index + 1 first, no gap, terms that never fall. */
  constructor(base: EntryId, recovered: readonly Entry[]) {
    this.#base = { index: base.index, term: base.term };
    this.append(recovered);
    this.#firstUnwrittenIndex = this.lastIndex + 1;
  }

  /** The last entry that is not here any more; its term is still known. */
  get base(): EntryId {
    return this.#base;
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#base.term;
  }

  /** Of an entry in the log, or of the base. 0 stands before the first entry and has term 0. */
  termAt(index: number): number {
    return index === this.#base.index ? this.#base.term : this.entryAt(index).term;
  }

  entryAt(index: number): Entry {
    const entry = this.#entries[index - this.#base.index - 1];
    if (entry === undefined) {
      const facts = { index, baseIndex: this.#base.index, lastIndex: this.lastIndex };
      throw new InvariantError('an index is within the log', facts);
    }
    return entry;
  }

  /** Whether the log holds an entry of this name: then it equals the other up to it. [Raft §5.3] */
  holds(id: EntryId): boolean {
    if (id.index < this.#base.index || id.index > this.lastIndex) return false;
    return this.termAt(id.index) === id.term;
  }

  /** Whether a candidate's log is at least as up-to-date as this one. [Raft §5.4.1] */
  isAtMostAsUpToDateAs(last: EntryId): boolean {
    if (last.term !== this.lastTerm) return last.term > this.lastTerm;
    return last.index >= this.lastIndex;
  }

  /**
   * The greatest index that is not beyond `index` and whose term is not above `term`. Terms never
   * fall along a log, so the bisection is exact. Below the base terms are not known: then the
   * answer lies below it too, and may be too great.
   */
  lastIndexWithTermAtMost(index: number, term: number): number {
    if (index < this.#base.index) return index;
    if (this.#base.term > term) return this.#base.index - 1;
    let low = this.#base.index;
    let high = Math.min(index, this.lastIndex);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.termAt(middle) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Entries `from` to `to`, both included. */
  slice(from: number, to: number): readonly Entry[] {
    if (from < this.firstIndex || to > this.lastIndex) {
      const facts = { from, to, firstIndex: this.firstIndex, lastIndex: this.lastIndex };
      throw new InvariantError('a slice is within the log', facts);
    }
    return this.#entries.slice(from - this.firstIndex, to - this.firstIndex + 1);
  }

  /**
   * Entries from `from` on with at most `bytesMax` of data together, but at least one. It stops at
   * the first that does not fit: to skip it would send a log with a hole.
   */
  sliceByBytes(from: number, bytesMax: number): readonly Entry[] {
    let bytes = 0;
    let to = from - 1;
    while (to < this.lastIndex) {
      bytes += this.entryAt(to + 1).data.length;
      if (bytes > bytesMax && to >= from) break;
      to += 1;
    }
    return this.slice(from, to);
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { lastIndex, lastTerm } = this;
      if (entry.index !== lastIndex + 1 || entry.term < lastTerm) {
        throw new InvariantError('a log has no gap and its terms never fall', {
          index: entry.index,
          term: entry.term,
          lastIndex,
          lastTerm,
        });
      }
      this.#entries.push(entry);
    }
  }

  /** Removes the entry at `index` and all that follow it. [Raft §5.3] */
  truncateFrom(index: number): void {
    if (index < this.firstIndex || index > this.lastIndex) {
      const facts = { index, firstIndex: this.firstIndex, lastIndex: this.lastIndex };
      throw new InvariantError('a truncation removes something', facts);
    }
    this.#entries.length = index - this.firstIndex;
    this.#firstUnwrittenIndex = Math.min(this.#firstUnwrittenIndex, index);
  }

  /** Forgets the entries up to `index`, which a snapshot holds. [Raft §7] */
  compactTo(index: number): void {
    if (index <= this.#base.index) return;
    if (index >= this.#firstUnwrittenIndex) {
      const facts = { index, firstUnwrittenIndex: this.#firstUnwrittenIndex };
      throw new InvariantError('what is compacted was written', facts);
    }
    const term = this.termAt(index);
    this.#entries = this.#entries.slice(index - this.#base.index);
    this.#base = { index, term };
  }

  /** Forgets everything: a snapshot that ends here takes the place of a log that differs from it,
   * or has not got so far. [Fig. 13] */
  resetTo(base: EntryId): void {
    this.#entries = [];
    this.#base = { index: base.index, term: base.term };
    this.#firstUnwrittenIndex = base.index + 1;
  }

  /** What is new since the last call, for the next write. */
  takeUnwritten(): readonly Entry[] {
    if (this.#firstUnwrittenIndex > this.lastIndex) return [];
    const entries = this.slice(this.#firstUnwrittenIndex, this.lastIndex);
    this.#firstUnwrittenIndex = this.lastIndex + 1;
    return entries;
  }
}
