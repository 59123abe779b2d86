/**
 * The messages between peers. [Fig. 2], with pre-vote [Ongaro §9.6], a read round [Ongaro §6.4],
 * snapshots in chunks [Fig. 13], transfer of leadership [Ongaro §3.10] and reads on followers.
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
  /** The leader itself has asked the candidate to stand: not a disturbance. [Ongaro §4.2.3] */
  readonly transfer: boolean;
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
  /** Which time in this term the leader replicates to this server; the follower echoes it. */
  readonly replicationId: number;
  /** A timeoutNow of an earlier transfer of this term is void. */
  readonly transferEpoch: number;
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
  readonly replicationId: number;
}

/** A piece of the leader's snapshot file. [Fig. 13] */
export interface InstallSnapshot {
  readonly type: 'installSnapshot';
  readonly term: number;
  readonly leaderId: NodeId;
  readonly lastIncludedIndex: number;
  readonly lastIncludedTerm: number;
  /** Of the whole file: with the index and term they name it, so that chunks of one never mix
   * with those of another and a transfer goes on where it broke off. */
  readonly fileBytes: number;
  readonly fileChecksum: number;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly replicationId: number;
}

export interface InstallSnapshotResponse {
  readonly type: 'installSnapshotResponse';
  readonly term: number;
  readonly lastIncludedIndex: number;
  /** What the follower wants next of this file. */
  readonly nextOffset: number;
  /** The follower's log is known to match, durably, up to lastIncludedIndex. */
  readonly installed: boolean;
  readonly replicationId: number;
}

/** The receiver is to stand at once. [Ongaro §3.10] */
export interface TimeoutNow {
  readonly type: 'timeoutNow';
  readonly term: number;
  readonly leaderId: NodeId;
  readonly transferEpoch: number;
}

/** A follower wants a read index. [Ongaro §6.4] */
export interface ReadIndexRequest {
  readonly type: 'readIndexRequest';
  readonly term: number;
  /** Never used twice, by no incarnation of the sender. */
  readonly requestId: number;
}

export interface ReadIndexResponse {
  readonly type: 'readIndexResponse';
  readonly term: number;
  readonly requestId: number;
  /** Null: the receiver can not confirm it. */
  readonly readIndex: number | null;
}

export type Message =
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | InstallSnapshot
  | InstallSnapshotResponse
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse;

/** A message on its way out. */
export interface Envelope {
  readonly to: NodeId;
  readonly message: Message;
}
