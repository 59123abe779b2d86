/**
 * What is known of the entries of all logs: which there were, and which of them were committed.
 *
 * Pages of plain numbers, about 16 bytes for an entry and 20 for a committed one, so that a trace
 * of a million entries fits. Nothing here depends on the order in which it is told.
 */
import type { RaftEntry } from '../raft-event.ts';

/** Index and term, of an entry or of nothing (0, 0). */
export interface Place {
  readonly index: number;
  readonly term: number;
}

/** `entry 7 of term 2`. */
export function describePlace({ index, term }: Place): string {
  return index === 0 ? 'no entry' : `entry ${index} of term ${term}`;
}

const pageSize = 128;

interface EntryPage {
  /** NaN for what nobody told. */
  readonly checksums: Float64Array;
  /** The term of the entry before it; NaN where it is not known. */
  readonly previousTerms: Float64Array;
}

/** Every entry that was ever in a log. */
export class KnownEntries {
  /** By term, then by page. */
  readonly #pages = new Map<number, Map<number, EntryPage>>();

  /**
   * What contradicts an earlier entry of this name, or null. `previousTerm` is null when it is not
   * known. [Fig. 3]
   */
  add({ index, term, checksum }: RaftEntry, previousTerm: number | null): string | null {
    const { checksums, previousTerms } = this.#page(index, term);
    const at = index % pageSize;
    const known = checksums[at] ?? Number.NaN;
    if (!Number.isNaN(known) && known !== checksum) {
      return `one has the checksum ${checksum}, the other ${known}`;
    }
    checksums[at] = checksum;
    if (previousTerm === null) return null;
    const knownPrevious = previousTerms[at] ?? Number.NaN;
    if (!Number.isNaN(knownPrevious) && knownPrevious !== previousTerm) {
      return `one follows an entry of term ${previousTerm}, the other one of term ${knownPrevious}`;
    }
    previousTerms[at] = previousTerm;
    return null;
  }

  /** The term of the entry before this one; null when nobody told it. */
  previousTerm({ index, term }: Place): number | null {
    const page = this.#pages.get(term)?.get(Math.floor(index / pageSize));
    const known = page?.previousTerms[index % pageSize] ?? Number.NaN;
    return Number.isNaN(known) ? null : known;
  }

  #page(index: number, term: number): EntryPage {
    const pages = this.#pages.get(term) ?? new Map<number, EntryPage>();
    this.#pages.set(term, pages);
    const number = Math.floor(index / pageSize);
    const page = pages.get(number) ?? {
      checksums: new Float64Array(pageSize).fill(Number.NaN),
      previousTerms: new Float64Array(pageSize).fill(Number.NaN),
    };
    pages.set(number, page);
    return page;
  }
}

/** Entries side by side that are of one term, and of which it was first told in one term. */
export interface CommittedRun {
  readonly from: number;
  readonly to: number;
  readonly term: number;
  /** The lowest term in which a node told that they are committed. */
  readonly inTerm: number;
  readonly node: string;
}

interface CommittedPage {
  /** NaN for what nobody told. */
  readonly terms: Float64Array;
  readonly inTerms: Float64Array;
  /** Position of the node in the list of those that told. */
  readonly nodes: Uint16Array;
}

/** Every entry that a node took for committed. */
export class CommittedEntries {
  readonly #pages = new Map<number, CommittedPage>();
  readonly #nodes: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * The entry that another node took for committed in its place, and which node; or null. Of two,
   * the one of the lower term stays: what became of it then is the cause.
   */
  add(
    { index, term }: Place,
    { node, inTerm }: { readonly node: string; readonly inTerm: number },
  ): { readonly place: Place; readonly node: string } | null {
    const page = this.#page(index);
    const at = index % pageSize;
    const known = page.terms[at] ?? Number.NaN;
    const isNew = Number.isNaN(known);
    const other =
      isNew || known === term
        ? null
        : { place: { index, term: known }, node: this.#nodes[page.nodes[at] ?? 0] ?? '' };
    if (isNew) this.#count++;
    const knownIn = page.inTerms[at] ?? 0;
    if (!isNew && (knownIn < inTerm || (knownIn === inTerm && known <= term))) return other;
    page.terms[at] = term;
    page.inTerms[at] = inTerm;
    page.nodes[at] = this.#nodeNumber(node);
    return other;
  }

  /** In the order of the index. */
  *runs(): Generator<CommittedRun> {
    let run: (CommittedRun & { to: number }) | null = null;
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const { terms, inTerms, nodes } = this.#pages.get(number) ?? emptyPage();
      for (let at = 0; at < pageSize; at++) {
        const term = terms[at] ?? Number.NaN;
        if (Number.isNaN(term)) continue;
        const index = number * pageSize + at;
        const inTerm = inTerms[at] ?? 0;
        const node = this.#nodes[nodes[at] ?? 0] ?? '';
        const goesOn = run !== null && run.to === index - 1;
        if (run !== null && goesOn && run.term === term && run.inTerm === inTerm) {
          run.to = index;
          continue;
        }
        if (run !== null) yield run;
        run = { from: index, to: index, term, inTerm, node };
      }
    }
    if (run !== null) yield run;
  }

  #nodeNumber(node: string): number {
    const known = this.#nodes.lastIndexOf(node);
    return known === -1 ? this.#nodes.push(node) - 1 : known;
  }

  #page(index: number): CommittedPage {
    const number = Math.floor(index / pageSize);
    const page = this.#pages.get(number) ?? emptyPage();
    this.#pages.set(number, page);
    return page;
  }
}

function emptyPage(): CommittedPage {
  return {
    terms: new Float64Array(pageSize).fill(Number.NaN),
    inTerms: new Float64Array(pageSize),
    nodes: new Uint16Array(pageSize),
  };
}
