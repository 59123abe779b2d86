/**
 * The messages between peers. [Fig. 2], with pre-vote [Ongaro §9.6] and a read round [Ongaro §6.4].
 *
 * Pure shapes; how they travel is the host's business. Every message carries the sender's term.
 */
import type { Entry, NodeId } from './entry.ts';

export interface RequestVote {
  readonly type: 'requestVote';
  /** The term the candidate would have; in a pre-vote nobody has adopted it yet. */
  readonly term: number;
  readonly candidateId: NodeId;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  readonly preVote: boolean;
}

export interface RequestVoteResponse {
  readonly type: 'requestVoteResponse';
  /** The voter's term; for a granted pre-vote the term that was asked about. */
  readonly term: number;
  readonly voteGranted: boolean;
  readonly preVote: boolean;
}

export interface AppendEntries {
  readonly type: 'appendEntries';
  readonly term: number;
  readonly leaderId: NodeId;
  readonly prevLogIndex: number;
  readonly prevLogTerm: number;
  readonly entries: readonly Entry[];
  readonly leaderCommit: number;
  /** The leader's newest read round; the follower echoes it. [Ongaro §6.4] */
  readonly readRound: number;
}

// Divergence: figure 2 answers with term and success only. The leader cannot remember what it asked
// when many messages are on their way, so the answer says itself what it is about.
export interface AppendEntriesResponse {
  readonly type: 'appendEntriesResponse';
  readonly term: number;
  readonly success: boolean;
  /** On success the last index known to match and to be durable here. */
  readonly matchIndex: number;
  /** On failure the first index that the leader should try next: the logs differ from there on. */
  readonly conflictIndex: number;
  /** On failure the term of the entry before it; the logs need not agree on that one either. */
  readonly conflictTerm: number;
  readonly readRound: number;
}

export type Message = RequestVote | RequestVoteResponse | AppendEntries | AppendEntriesResponse;

/** A message on its way out. */
export interface Envelope {
  readonly to: NodeId;
  readonly message: Message;
}
