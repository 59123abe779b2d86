/**
 * What the log on disk amounts to, without the data: hard state, first and last entry, the terms
 * between. The writer keeps it for the headers of new segments, recovery checks each write with it.
 */
import { ShapeError } from '../entry-codec.ts';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import type { LoggedWrite, WalWrite } from './wal-record.ts';

/** Where a log begins that may have lost its first segments to compaction. */
export interface OutlineStart {
  readonly base: EntryId;
  readonly hardState: HardState;
}

interface TermRun {
  readonly firstIndex: number;
  readonly term: number;
}

export class LogOutline {
  #hardState: HardState;
  #base: EntryId;
  /** The base was the log's last entry when a segment began: it need not have stayed. */
  #baseMayGo: boolean;
  #lastIndex: number;
  /** Of the entries behind the base: where each term begins. */
  #runs: TermRun[] = [];

  constructor({ base, hardState }: OutlineStart) {
    this.#hardState = hardState;
    this.#base = base;
    this.#baseMayGo = base.index > 0;
    this.#lastIndex = base.index;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** What stands before the first entry. */
  get base(): EntryId {
    return this.#base;
  }

  get lastEntry(): EntryId {
    return { index: this.#lastIndex, term: this.#runs.at(-1)?.term ?? this.#base.term };
  }

  /** Null before the base and behind the last entry. */
  termAt(index: number): number | null {
    if (index < this.#base.index || index > this.#lastIndex) return null;
    return this.#runs.findLast(({ firstIndex }) => firstIndex <= index)?.term ?? this.#base.term;
  }

  /** The write as it is to lie on disk: applied. Throws ShapeError if it does not fit. */
  log(write: WalWrite): LoggedWrite {
    const { snapshot } = write;
    const voidsAll = snapshot !== null && this.termAt(snapshot.index) !== snapshot.term;
    const logged = { ...write, voidsAll };
    this.apply(logged);
    return logged;
  }

  /** Throws ShapeError for what no server can have written. */
  apply({ hardState, snapshot, entries, voidsAll }: LoggedWrite): void {
    if (hardState !== null) this.#vote(hardState);
    if (snapshot !== null) this.#beginBehind(snapshot, voidsAll);
    this.#append(entries);
  }

  /** Terms never fall, and in one term there is one vote. [Fig. 2] */
  #vote(hardState: HardState): void {
    const { currentTerm, votedFor } = this.#hardState;
    if (hardState.currentTerm < currentTerm) {
      throw new ShapeError(`term ${hardState.currentTerm} after term ${currentTerm}`);
    }
    const again = hardState.currentTerm === currentTerm && hardState.votedFor !== votedFor;
    if (again && votedFor !== null) {
      throw new ShapeError(
        `a vote for ${hardState.votedFor} in term ${currentTerm} after one for ${votedFor}`,
      );
    }
    this.#hardState = hardState;
  }

  #beginBehind(snapshot: EntryId, voidsAll: boolean): void {
    this.#checkTerm(snapshot);
    const { index, term } = snapshot;
    if (index < this.#base.index && this.#baseMayGo && !voidsAll) return;
    const holds = this.termAt(index) === term;
    if (holds === voidsAll || (index < this.#base.index && !this.#baseMayGo)) {
      const { index: lastIndex } = this.lastEntry;
      throw new ShapeError(
        `a snapshot up to ${index} of term ${term} on a log from ${this.#base.index + 1} to ` +
          `${lastIndex}, which ${voidsAll ? 'holds' : 'lacks'} it`,
      );
    }
    if (holds) {
      const next = (position: number): number => this.#runs[position + 1]?.firstIndex ?? Infinity;
      this.#runs = this.#runs
        .filter((_run, position) => next(position) > index)
        .map((run) => ({ ...run, firstIndex: Math.max(run.firstIndex, index + 1) }));
    } else {
      this.#runs = [];
      this.#lastIndex = index;
    }
    this.#base = snapshot;
    this.#baseMayGo = false;
  }

  #append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    this.#truncate(first);
    for (const entry of entries) {
      if (entry.term !== this.lastEntry.term) {
        this.#checkTerm(entry);
        this.#runs.push({ firstIndex: entry.index, term: entry.term });
      }
      this.#lastIndex = entry.index;
    }
  }

  #truncate(first: EntryId): void {
    const { index, term } = first;
    if (index <= this.#base.index && this.#baseMayGo) {
      // The segments with the entries up to the base are gone, and with them the term before this
      // entry. They went because a snapshot reaches further, so this entry itself may be the base.
      this.#base = { index, term };
      this.#runs = [];
      this.#lastIndex = index;
      return;
    }
    const termBefore = this.termAt(index - 1);
    if (termBefore === null || termBefore > term) {
      const { index: lastIndex, term: lastTerm } = this.lastEntry;
      throw new ShapeError(
        `entry ${index} of term ${term} on a log from ${this.#base.index + 1} ` +
          `to ${lastIndex} of term ${lastTerm}`,
      );
    }
    this.#runs = this.#runs.filter(({ firstIndex }) => firstIndex < index);
    this.#lastIndex = index - 1;
  }

  #checkTerm({ index, term }: EntryId): void {
    if (term <= this.#hardState.currentTerm) return;
    throw new ShapeError(`entry ${index} of term ${term} in term ${this.#hardState.currentTerm}`);
  }
}
