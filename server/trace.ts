/**
 * Trace events: what an offline checker needs to test Raft's promises between servers. [Fig. 3]
 *
 * One record for each change of a server's state, in the order in which they happened to it. They
 * become JSON lines in a running node, and the simulation's referee reads them as they are.
 */
import type { Configuration, EntryKind, NodeId, Role } from './raft/entry.ts';

export type TraceEvent =
  | {
      readonly event: 'start';
      readonly term: number;
      readonly votedFor: NodeId | null;
      readonly snapshotIndex: number;
      readonly firstLogIndex: number;
      readonly lastLogIndex: number;
      readonly lastLogTerm: number;
    }
  /**
   * Role, term, vote or leader have changed, in memory: what depends on it has not left yet, and
   * until `persisted` follows a crash may take the term and the vote back.
   */
  | {
      readonly event: 'status';
      readonly role: Role;
      readonly term: number;
      readonly votedFor: NodeId | null;
      readonly leaderId: NodeId | null;
      readonly lastLogIndex: number;
      readonly lastLogTerm: number;
      readonly commitIndex: number;
    }
  /**
   * This term and this vote are durable: a `start` comes with them, or with a later term. A vote
   * that was never persisted was told to nobody, and another one in its term is no second one.
   */
  | { readonly event: 'persisted'; readonly term: number; readonly votedFor: NodeId | null }
  /** Entries entered the log in memory; those at or beyond the first one's index were removed. */
  | { readonly event: 'append'; readonly term: number; readonly entries: readonly TracedEntry[] }
  /** The log is durable up to here. */
  | { readonly event: 'durable'; readonly term: number; readonly index: number }
  /** A leader counts the entries up to here as durable at the peer. [Fig. 2] */
  | {
      readonly event: 'match';
      readonly term: number;
      readonly peer: NodeId;
      readonly index: number;
    }
  | { readonly event: 'commit'; readonly term: number; readonly index: number }
  | { readonly event: 'apply'; readonly index: number; readonly entryTerm: number }
  | {
      readonly event: 'configuration';
      readonly index: number;
      readonly configuration: Configuration;
    }
  | { readonly event: 'snapshot'; readonly index: number; readonly term: number }
  | { readonly event: 'install'; readonly index: number; readonly term: number }
  | { readonly event: 'hash'; readonly index: number; readonly hash: string };

export interface TracedEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  /** CRC32 of the data: two entries of one index and term must agree. */
  readonly checksum: number;
}

export interface Trace {
  event(event: TraceEvent): void;
}
