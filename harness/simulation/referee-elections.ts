/**
 * What the nodes tell of elections, held against the promises: who leads was elected by durable
 * votes of a majority of each set of voters, each for a log that was no less up to date, and is the
 * only one that anybody follows in its term. [Raft §5.2, §5.4.1]
 */
import { words } from './referee-words.ts';
import { isBehind, type Place } from './told-log.ts';
import type { Vote } from './told-vote.ts';

/** The sets of voters that a node believes in. */
export interface VoterSets {
  readonly voters: readonly string[];
  readonly outgoingVoters: readonly string[];
}

export class ElectionRules {
  /** By node, then by term: a vote that was on its disk once. */
  readonly #votes = new Map<string, Map<number, string>>();
  /** By term and candidate, where its log ended when it stood. */
  readonly #standing = new Map<number, Map<string, Place>>();
  /** By term, whom nodes have followed. */
  readonly #followed = new Map<number, { readonly leader: string; readonly node: string }>();

  /** The node's disk was taken away: its earlier votes count for nothing now. */
  forget(node: string): void {
    this.#votes.delete(node);
  }

  persisted(node: string, { term, votedFor }: Vote): void {
    if (votedFor === null) return;
    const votes = this.#votes.get(node) ?? new Map<number, string>();
    this.#votes.set(node, votes);
    votes.set(term, votedFor);
  }

  /** Whether the vote is on the node's disk, or once was. */
  hasVoted(node: string, { term, votedFor }: Vote): boolean {
    return votedFor !== null && this.#votes.get(node)?.get(term) === votedFor;
  }

  stands(candidate: string, term: number, last: Place): void {
    const standing = this.#standing.get(term) ?? new Map<string, Place>();
    this.#standing.set(term, standing);
    standing.set(candidate, last);
  }

  /** A node has just given its vote. Returns why it may not, or null. */
  judgeVote({ term, votedFor }: Vote, own: Place): string | null {
    const candidate = this.#standing.get(term)?.get(votedFor ?? '');
    if (candidate === undefined || !isBehind(candidate, own)) return null;
    return words.votedForLess(votedFor ?? '', candidate, own);
  }

  /** A node begins to lead. Returns why it may not, or null. */
  judgeLeader(leader: string, term: number, sets: VoterSets): string | null {
    for (const voters of [sets.voters, sets.outgoingVoters]) {
      const granted = voters.filter((voter) => this.#votes.get(voter)?.get(term) === leader);
      if (voters.length === 0 || 2 * granted.length > voters.length) continue;
      return words.fewVotes(leader, term, { holders: granted, voters });
    }
    return null;
  }

  /** Whom a node follows. Returns who was followed in this term before, where that is another. */
  judgeFollowed(node: string, term: number, leader: string): string | null {
    const known = this.#followed.get(term);
    if (known === undefined) this.#followed.set(term, { leader, node });
    if (known === undefined || known.leader === leader) return null;
    return words.twoFollowed(term, leader, known);
  }
}
