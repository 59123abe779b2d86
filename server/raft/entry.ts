/**
 * Log entries and the small records around them. [Fig. 2]
 *
 * Pure shapes: indexes are 1-based as in the paper; index 0, term 0 stands before the first entry.
 */

export type NodeId = string;

/** Names an entry: if two logs hold the same pair, they are equal up to it. [Raft §5.3] */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

export type EntryKind = 'command' | 'no-op' | 'configuration';

export interface Entry extends EntryId {
  readonly kind: EntryKind;
  /** A command for the state machine, opaque here; empty for a no-op. */
  readonly data: Uint8Array;
}

/** What must be on disk before any message that depends on it leaves. [Fig. 2] */
export interface HardState {
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
}

/** The servers that vote. */
export interface Configuration {
  readonly voters: readonly NodeId[];
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader' | 'learner';
