/**
 * A node's log as its trace tells it: the terms of its entries, as runs of one term.
 *
 * Lines may be lost with the end of a life, so it may know its end and not what is before it. What
 * it does not know is null, and never a guess.
 */
import type { RaftEntry } from '../raft-event.ts';
import type { KnownEntries, Place } from './raft-invariants-entries.ts';

/** Entries side by side of one term. */
interface TermRun {
  readonly from: number;
  readonly term: number;
}

export class TracedLog {
  /** What is before it is not known; its own term may not be either. */
  #base: { readonly index: number; readonly term: number | null } = { index: 0, term: 0 };
  #runs: TermRun[] = [];
  #lastIndex = 0;
  /** False when the log may be longer than what is known of it. */
  #endIsKnown = true;

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get lastTerm(): number | null {
    return this.#runs.at(-1)?.term ?? this.#base.term;
  }

  get endIsKnown(): boolean {
    return this.#endIsKnown;
  }

  /** The first index of which it may be known what is there. */
  get firstIndex(): number {
    return this.#base.term === null ? this.#base.index + 1 : this.#base.index;
  }

  /** Null for what is not in the log, and for what is not known. */
  termAt(index: number): number | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#runAt(index)?.term ?? null;
  }

  /** The last index of those from this one on that have its term, as far as that is known. */
  runEnd(index: number): number {
    if (index === this.#base.index) return index;
    const next = this.#runs.find((run) => run.from > index);
    return next === undefined ? Math.max(index, this.#lastIndex) : next.from - 1;
  }

  copy(): TracedLog {
    const log = new TracedLog();
    log.#base = this.#base;
    log.#runs = [...this.#runs];
    log.#lastIndex = this.#lastIndex;
    log.#endIsKnown = this.#endIsKnown;
    return log;
  }

  /**
   * A new life finds a log that ends here. Where its end is not what was told, it is put together
   * backwards from what any node told, until it meets what was told: one entry names the whole log
   * before it. [Fig. 3] Returns up to where it is the log that it was.
   */
  recover(last: Place, known: KnownEntries): number {
    const found: TermRun[] = [];
    let { index, term } = last;
    while (index > 0 && (this.termAt(index) !== term || index > this.#lastIndex)) {
      if (found.at(-1)?.term === term) found.pop();
      found.push({ from: index, term });
      const previousTerm = known.previousTerm({ index, term });
      if (previousTerm === null) {
        this.#become({ index: index - 1, term: null }, found, last.index);
        return 0;
      }
      term = previousTerm;
      index--;
    }
    this.truncateFrom(index + 1);
    if (index === 0) this.#base = { index, term };
    const first = found.at(-1);
    if (first !== undefined && this.#runs.at(-1)?.term === first.term) found.pop();
    this.#become(this.#base, [...found, ...this.#runs.reverse()], last.index);
    return index;
  }

  /**
   * Entries come in, and take the place of those that are there. Told of each with the term of the
   * entry before it. Returns what contradicts the trace so far, or null.
   */
  append(
    entries: readonly RaftEntry[],
    onEntry: (entry: RaftEntry, previousTerm: number | null) => void,
  ): string | null {
    let problem: string | null = null;
    for (const [position, entry] of entries.entries()) {
      const { index, term } = entry;
      const next = this.#lastIndex + 1;
      if (index > next || (position > 0 && index !== next)) {
        if (position > 0 || this.#endIsKnown) {
          problem ??= `${index} is appended to a log that ends at ${next - 1}`;
        }
        this.#become({ index: index - 1, term: null }, [], index - 1);
      }
      if (position === 0) this.truncateFrom(index);
      onEntry(entry, this.lastTerm);
      if (this.#runs.at(-1)?.term !== term) this.#runs.push({ from: index, term });
      this.#lastIndex = index;
    }
    return problem;
  }

  /** Everything from the index on is gone. */
  truncateFrom(index: number): void {
    this.#endIsKnown = true;
    if (index <= this.#base.index) {
      this.#become({ index: index - 1, term: null }, [], index - 1);
      return;
    }
    while ((this.#runs.at(-1)?.from ?? 0) >= index) this.#runs.pop();
    this.#lastIndex = index - 1;
  }

  /**
   * A snapshot takes the place of a log that does not agree with it. Returns whether the log is
   * kept; null when it is not known. [Raft §7]
   */
  install({ index, term }: Place): boolean | null {
    const own = this.termAt(index);
    if (own === term) return true;
    const isKnown = own !== null || index > this.#lastIndex;
    this.#become({ index, term }, [], index);
    this.#endIsKnown = isKnown;
    return isKnown ? false : null;
  }

  /** `runs` from the newest to the oldest. */
  #become(base: { index: number; term: number | null }, runs: TermRun[], lastIndex: number): void {
    this.#base = base;
    this.#runs = [...runs].reverse();
    this.#lastIndex = lastIndex;
    this.#endIsKnown = true;
  }

  #runAt(index: number): TermRun | null {
    if (index > this.#lastIndex || index <= this.#base.index) return null;
    let [low, high] = [0, this.#runs.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#runs[middle]?.from ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low] ?? null;
  }
}
