/**
 * The vote of a node that a crash cannot take back, as the node told of it.
 */
export interface Vote {
  readonly term: number;
  readonly votedFor: string | null;
}

export class ToldVote {
  #persisted: Vote = { term: 0, votedFor: null };

  /** The newest term that is on the disk. */
  get term(): number {
    return this.#persisted.term;
  }

  holds({ term, votedFor }: Vote): boolean {
    return this.#persisted.term === term && this.#persisted.votedFor === votedFor;
  }

  persist(vote: Vote): void {
    this.#persisted = vote;
  }

  /** Why these cannot be the term and vote now, after what was persisted; or null. */
  contradictionOf({ term, votedFor }: Vote): string | null {
    const persisted = this.#persisted;
    if (term > persisted.term || persisted.votedFor === null) return null;
    if (term === persisted.term && votedFor === persisted.votedFor) return null;
    const before = `its vote for ${persisted.votedFor} in term ${persisted.term} was on its disk`;
    return `its vote is for ${votedFor ?? 'nobody'} in term ${term}, though ${before}`;
  }
}
