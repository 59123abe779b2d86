/**
 * What a node that keeps Raft's state may tell of itself, one JSON line each, in its own order.
 *
 * A system under test that writes such a file is held against the promises of Raft. The reference
 * server's trace has these events; another system needs the ones it can tell. Indexes are 1-based.
 */

export type RaftEvent =
  /** A life begins with what is on the disk. */
  | {
      readonly event: 'start';
      readonly term: number;
      readonly votedFor: string | null;
      readonly snapshotIndex: number;
      readonly firstLogIndex: number;
      readonly lastLogIndex: number;
      readonly lastLogTerm: number;
    }
  /** Role, term, vote or leader have changed, in memory. */
  | {
      readonly event: 'status';
      readonly role: string;
      readonly term: number;
      readonly votedFor: string | null;
      readonly leaderId: string | null;
      readonly lastLogIndex: number;
      readonly lastLogTerm: number;
      readonly commitIndex: number;
    }
  /** This term and this vote are durable. */
  | { readonly event: 'persisted'; readonly term: number; readonly votedFor: string | null }
  /** Entries entered the log in memory; those at or beyond the first one's index were removed. */
  | { readonly event: 'append'; readonly term: number; readonly entries: readonly RaftEntry[] }
  /** The log is durable up to here. */
  | { readonly event: 'durable'; readonly term: number; readonly index: number }
  /** A leader counts the entries up to here as durable at the peer. */
  | {
      readonly event: 'match';
      readonly term: number;
      readonly peer: string;
      readonly index: number;
    }
  | { readonly event: 'commit'; readonly term: number; readonly index: number }
  | { readonly event: 'apply'; readonly index: number; readonly entryTerm: number }
  | {
      readonly event: 'configuration';
      readonly index: number;
      readonly configuration: {
        readonly voters: readonly string[];
        readonly outgoingVoters: readonly string[];
      };
    }
  | { readonly event: 'snapshot'; readonly index: number; readonly term: number }
  | { readonly event: 'install'; readonly index: number; readonly term: number }
  | { readonly event: 'hash'; readonly index: number; readonly hash: string };

export interface RaftEntry {
  readonly index: number;
  readonly term: number;
  /** Two entries of one index and term must agree. */
  readonly checksum: number;
}
