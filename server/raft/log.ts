/**
 * The log in memory, and the only place that converts between 1-based indexes and arrays.
 *
 * It may be ahead of the disk: `takeUnwritten` hands over what no write holds yet, and
 * durability.ts knows how far the disk has got. It knows no role and no commit index.
 */
import type { Entry, EntryId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';

export class RaftLog {
  readonly #entries: Entry[] = [];
  #firstUnwrittenIndex = 1;

  /** The entries as found on disk: index 1 first, no gap, terms that never fall. */
  constructor(recovered: readonly Entry[]) {
    this.append(recovered);
    this.#firstUnwrittenIndex = this.lastIndex + 1;
  }

  get lastIndex(): number {
    return this.#entries.length;
  }

  get lastTerm(): number {
    return this.termAt(this.lastIndex);
  }

  /** 0 stands before the first entry and has term 0. */
  termAt(index: number): number {
    return index === 0 ? 0 : this.entryAt(index).term;
  }

  entryAt(index: number): Entry {
    const entry = this.#entries[index - 1];
    if (entry === undefined) {
      throw new InvariantError('an index is within the log', { index, lastIndex: this.lastIndex });
    }
    return entry;
  }

  /** Whether the log holds an entry of this name: then it equals the other up to it. [Raft §5.3] */
  holds(id: EntryId): boolean {
    return id.index >= 0 && id.index <= this.lastIndex && this.termAt(id.index) === id.term;
  }

  /** Whether a candidate's log is at least as up-to-date as this one. [Raft §5.4.1] */
  isAtMostAsUpToDateAs(last: EntryId): boolean {
    if (last.term !== this.lastTerm) return last.term > this.lastTerm;
    return last.index >= this.lastIndex;
  }

  /**
   * The greatest index that is not beyond `index` and whose term is not above `term`.
   * Terms never fall along a log, so the bisection is exact.
   */
  lastIndexWithTermAtMost(index: number, term: number): number {
    let low = 0;
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
    if (from < 1 || to > this.lastIndex) {
      const facts = { from, to, lastIndex: this.lastIndex };
      throw new InvariantError('a slice is within the log', facts);
    }
    return this.#entries.slice(from - 1, to);
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
    if (index < 1 || index > this.lastIndex) {
      const facts = { index, lastIndex: this.lastIndex };
      throw new InvariantError('a truncation removes something', facts);
    }
    this.#entries.length = index - 1;
    this.#firstUnwrittenIndex = Math.min(this.#firstUnwrittenIndex, index);
  }

  /** What is new since the last call, for the next write. */
  takeUnwritten(): readonly Entry[] {
    if (this.#firstUnwrittenIndex > this.lastIndex) return [];
    const entries = this.slice(this.#firstUnwrittenIndex, this.lastIndex);
    this.#firstUnwrittenIndex = this.lastIndex + 1;
    return entries;
  }
}
