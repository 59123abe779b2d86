/**
 * What nodes told of their logs: every entry that was ever in one, and each node's log as it is.
 *
 * An entry is named by index and term, and known together with the term of the entry before it. So
 * the last entry of a log names the whole log, for as long as log matching holds. [Fig. 3]
 */
import type { TracedEntry } from '../../server/trace.ts';

/** Index and term, of an entry or of nothing (0, 0). */
export interface Place {
  readonly index: number;
  readonly term: number;
}

interface KnownEntry {
  readonly kind: string;
  readonly checksum: number;
  readonly previousTerm: number;
}

export class KnownEntries {
  readonly #entries = new Map<number, Map<number, KnownEntry>>();

  /** What contradicts an earlier entry of this name, or null. */
  add(entry: TracedEntry, previousTerm: number): string | null {
    const { index, term, kind, checksum } = entry;
    const terms = this.#entries.get(index) ?? new Map<number, KnownEntry>();
    this.#entries.set(index, terms);
    const known = terms.get(term);
    if (known === undefined) {
      terms.set(term, { kind, checksum, previousTerm });
      return null;
    }
    if (known.kind !== kind || known.checksum !== checksum) {
      const was = `${known.kind} of checksum ${known.checksum}`;
      return `here it is a ${kind} of checksum ${checksum}, and elsewhere a ${was}`;
    }
    if (known.previousTerm !== previousTerm) {
      const was = `elsewhere of term ${known.previousTerm}`;
      return `the entry before it is here of term ${previousTerm}, and ${was}`;
    }
    return null;
  }

  /** What the entry is; null when nobody ever had it. */
  kindOf({ index, term }: Place): string | null {
    return this.#entries.get(index)?.get(term)?.kind ?? null;
  }

  /** The term of the entry before this one; null when nobody ever had this one. */
  previousTerm({ index, term }: Place): number | null {
    return this.#entries.get(index)?.get(term)?.previousTerm ?? null;
  }
}

/** The log of one node: the terms of its entries behind a base. */
export class ToldLog {
  #base: Place = { index: 0, term: 0 };
  #terms: number[] = [];

  get lastIndex(): number {
    return this.#base.index + this.#terms.length;
  }

  get lastTerm(): number {
    return this.#terms.at(-1) ?? this.#base.term;
  }

  /** The first entry of which it is known what it is. */
  get firstIndex(): number {
    return this.#base.index + 1;
  }

  /** Null for what is not in the log or lies before its base. */
  termAt(index: number): number | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#terms[index - this.#base.index - 1] ?? null;
  }

  /** Everything from the index on is gone. */
  truncateFrom(index: number): void {
    this.#terms.length = Math.max(0, index - this.#base.index - 1);
  }

  push(term: number): void {
    this.#terms.push(term);
  }

  /** Nothing is left but what stands at this place. */
  resetTo(base: Place): void {
    this.#base = base;
    this.#terms = [];
  }

  /**
   * Becomes the log that ends in `last` and begins behind the index `before`. Returns what is
   * missing of it: an entry that nobody ever had.
   */
  rebuild(last: Place, before: number, known: KnownEntries): Place | null {
    const terms: number[] = [];
    let { index, term } = last;
    while (index > before) {
      const previousTerm = known.previousTerm({ index, term });
      if (previousTerm === null) return { index, term };
      terms.push(term);
      term = previousTerm;
      index--;
    }
    this.#base = { index, term };
    this.#terms = terms.reverse();
    return null;
  }
}

/** Whether a log that ends with the one is less up to date than one that ends with the other. */
export function isBehind(one: Place, other: Place): boolean {
  return one.term === other.term ? one.index < other.index : one.term < other.term;
}

/** `entry 7 of term 2`. */
export function describeEntry({ index, term }: Place): string {
  return index === 0 ? 'no entry' : `entry ${index} of term ${term}`;
}
