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
  /** A command for the state machine, opaque here; a configuration as configuration.ts has it. */
  readonly data: Uint8Array;
}

/** What must be on disk before any message that depends on it leaves. [Fig. 2] */
export interface HardState {
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
}

/** Where a member is reached, as `host:port`. Opaque to the core; empty when nobody said. */
export interface MemberAddress {
  readonly peer: string;
  readonly client: string;
}

/**
 * Who is in the cluster. Joint while `outgoingVoters` holds somebody: then every decision needs a
 * majority of `voters` and another one of `outgoingVoters`. [Raft §6]
 */
export interface Configuration {
  readonly voters: readonly NodeId[];
  /** The voters of the old configuration during a change; empty otherwise. */
  readonly outgoingVoters: readonly NodeId[];
  /** They get the log and count for nothing. [Ongaro §4.2.1] */
  readonly learners: readonly NodeId[];
  readonly addresses: Readonly<Record<NodeId, MemberAddress>>;
}

/** A configuration and the index of the entry that holds it: its id. 0: the initial one. */
export interface ConfigurationAt {
  readonly index: number;
  readonly configuration: Configuration;
}

/** What a snapshot says of itself. [Raft §7] */
export interface SnapshotMeta {
  /** The last entry that it replaces. */
  readonly lastIncludedIndex: number;
  readonly lastIncludedTerm: number;
  /** The newest configuration at or before that entry; it is committed, as all of a snapshot. */
  readonly configuration: ConfigurationAt;
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader' | 'learner';
