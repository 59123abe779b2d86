/**
 * What the nodes tell of committed entries, held against the promises: each is on the disks of a
 * majority of each set of voters, is the only one of its index, is kept by who has it, and is
 * applied by all, once and in order. [Fig. 3] [Raft §5.4.2]
 */
import { type Told, words } from './referee-words.ts';
import type { Place } from './told-log.ts';
import type { Watched } from './watched-node.ts';

interface Committed {
  readonly term: number;
  /** The lowest term in which a node told that it is committed. */
  readonly inTerm: number;
}

export class CommitRules {
  readonly #nodes: ReadonlyMap<string, Watched>;
  readonly #broken: (promise: string, what: string) => void;
  /** At position index - 1. */
  readonly #committed: Committed[] = [];

  constructor(
    nodes: ReadonlyMap<string, Watched>,
    broken: (promise: string, what: string) => void,
  ) {
    this.#nodes = nodes;
    this.#broken = broken;
  }

  get count(): number {
    return this.#committed.length;
  }

  /** Null where nothing is committed. */
  termAt(index: number): number | null {
    return this.#committed[index - 1]?.term ?? null;
  }

  /** The first entry that a leader of this term must have and does not; null: it has them all. */
  missingOf({ log, term }: Watched): Place | null {
    for (let index = log.firstIndex; index <= this.#committed.length; index++) {
      const committed = this.#committed[index - 1];
      // Who was elected late, in a term that is over, may lack what later ones committed.
      if (committed === undefined || committed.inTerm >= term) continue;
      if (log.termAt(index) !== committed.term) return { index, term: committed.term };
    }
    return null;
  }

  /** Who is in the term in which an entry was committed, or a later one, and has it, keeps it. */
  judgeReplaced({ log, term, commitIndex }: Watched, first: number): void {
    const end = Math.min(log.lastIndex, this.#committed.length);
    for (let index = Math.max(first, commitIndex + 1); index <= end; index++) {
      const committed = this.#committed[index - 1];
      if (committed === undefined || committed.inTerm > term) continue;
      if (log.termAt(index) !== committed.term) continue;
      this.#broken('committed stays', words.replacedCommitted(first, index));
      return;
    }
  }

  /** A committed entry is on the disks of a majority, and is the only one of its index. */
  judgeCommit(watched: Watched, { index, term }: Told<'commit'>): void {
    const { log } = watched;
    if (index < watched.commitIndex) {
      this.#broken('commit index', words.wentBack(watched.commitIndex, index));
    }
    if (index > log.lastIndex) {
      this.#broken('commit index', words.beyondLog(index, log.lastIndex));
      return;
    }
    if (index > this.#committed.length) this.#judgeQuorum(watched, index);
    const { role, term: own } = watched;
    const last = { index, term: log.termAt(index) ?? own };
    // Fig. 8: only an entry of its own term says that the ones before are safe. [Raft §5.4.2]
    if (role === 'leader' && index > watched.commitIndex && last.term !== own) {
      this.#broken('commit rule', words.oldTermCommitted(last, own));
    }
    for (let each = watched.commitIndex + 1; each <= index; each++) {
      this.#commit({ index: each, term: log.termAt(each) ?? 0 }, term);
    }
    watched.commitIndex = index;
  }

  #commit(entry: Place, inTerm: number): void {
    const known = this.#committed[entry.index - 1];
    if (known !== undefined && known.term !== entry.term) {
      const other = { index: entry.index, term: known.term };
      this.#broken('state machine safety', words.twoCommitted(other, entry));
      return;
    }
    const lowest = Math.min(inTerm, known?.inTerm ?? inTerm);
    this.#committed[entry.index - 1] = { term: entry.term, inTerm: lowest };
  }

  #judgeQuorum(watched: Watched, index: number): void {
    const { members } = watched;
    if (members === null) return;
    const term = watched.log.termAt(index);
    const holds = (id: string): boolean => {
      const voter = this.#nodes.get(id);
      if (voter === undefined || voter.durableIndex < index) return false;
      return index < voter.log.firstIndex || voter.log.termAt(index) === term;
    };
    for (const voters of [members.voters, members.outgoingVoters]) {
      const holders = voters.filter(holds);
      if (voters.length === 0 || 2 * holders.length > voters.length) continue;
      const entry = { index, term: term ?? 0 };
      this.#broken('quorum', words.fewHold(entry, { holders, voters }));
    }
  }

  /** All nodes apply the same entries, each once and in order. [Fig. 3] */
  judgeApply(watched: Watched, { index, entryTerm }: Told<'apply'>): void {
    if (index !== watched.appliedIndex + 1) {
      this.#broken('apply order', words.appliedAfter(index, watched.appliedIndex));
    }
    if (index > watched.commitIndex) {
      this.#broken('apply order', words.appliedEarly(index, watched.commitIndex));
    }
    const committed = this.#committed[index - 1];
    if (committed !== undefined && committed.term !== entryTerm) {
      const applied = { index, term: entryTerm };
      this.#broken('state machine safety', words.appliedOther(applied, committed.term));
    }
    watched.appliedIndex = index;
  }

  judgeSnapshotTerm({ index, term }: Place): void {
    const committed = this.#committed[index - 1];
    if (committed?.term === term) return;
    const found = words.snapshotOfOther({ index, term }, committed?.term ?? null);
    this.#broken('snapshots', found);
  }
}
