/**
 * What a running node offers: the waist between the driver (node.ts) and whoever serves clients
 * (resp/, host/, the simulation).
 */
import type { CrashAt } from './crash-points.ts';
import type { ErrorReply } from './errors.ts';
import type { Command, ReadCommand, Reply } from './kv/command.ts';
import type { ConfigurationAt, NodeId, Role } from './raft/entry.ts';
import type { FollowerStatus } from './raft/ready.ts';

export interface ServerNode {
  /**
   * Reads are linearizable on every node; writes only where the leader is, else MOVED.
   * `reply` is called exactly once, perhaps at once, unless the node ends by onFatal first.
   */
  execute(command: Command, reply: (reply: Reply) => void): void;
  /** What this node has applied, however old: only for who asked for that by name. */
  readStale(command: ReadCommand): Reply;
  /** `reply` as in `execute`. */
  administer(command: AdminCommand, reply: (reply: AdminReply) => void): void;
  info(): NodeInfo;
  /**
   * Hands leadership over, answers what waits, lets running writes finish, and calls back when
   * nothing is left.
   */
  stop(done: () => void): void;
}

/** What an operator asks for. `expected`: the configuration's id, or null for any. */
export type AdminCommand =
  /** A learner joins. */
  | {
      readonly type: 'add';
      readonly id: NodeId;
      readonly peerAddress: string;
      readonly clientAddress: string;
      readonly expected: number | null;
    }
  /** A learner that has caught up becomes a voter. */
  | { readonly type: 'promote'; readonly id: NodeId; readonly expected: number | null }
  | { readonly type: 'remove'; readonly id: NodeId; readonly expected: number | null }
  /** Null: to the follower that is furthest. */
  | { readonly type: 'transfer'; readonly to: NodeId | null }
  /** Answers the index of the snapshot, once it is durable. */
  | { readonly type: 'snapshot' }
  /** Answers hash and applied index of this node's state. */
  | { readonly type: 'hash' }
  /** The process is to end there; null: nowhere. Refused unless its start allowed it. */
  | { readonly type: 'crashAt'; readonly at: CrashAt | null };

export type AdminReply =
  | { readonly type: 'ok' }
  /** A change is committed; the id of the configuration that is in force now. */
  | { readonly type: 'configuration'; readonly id: number }
  | { readonly type: 'snapshot'; readonly lastIncludedIndex: number }
  | { readonly type: 'hash'; readonly appliedIndex: number; readonly hash: string }
  | ErrorReply;

/** What a node says of itself. */
export interface NodeInfo {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly role: Role;
  readonly term: number;
  readonly leaderId: NodeId | null;
  readonly leaderClientAddress: string | null;
  readonly votedFor: NodeId | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly durableIndex: number;
  readonly firstLogIndex: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  readonly snapshotIndex: number;
  readonly configuration: ConfigurationAt;
  readonly followers: readonly FollowerStatus[];
  readonly transferringTo: NodeId | null;
  readonly keyCount: number;
  readonly sessionCount: number;
  /** What waits: to be answered, and to be written. */
  readonly waitingWrites: number;
  readonly waitingReads: number;
  /** False while it repairs its log, stops or has ended. */
  readonly serving: boolean;
  readonly counters: NodeCounters;
}

/** They only grow, from 0 at the start of the process. */
export interface NodeCounters {
  readonly elections: number;
  readonly leaderChanges: number;
  readonly writesAccepted: number;
  readonly entriesApplied: number;
  readonly readsServed: number;
  readonly fsyncs: number;
  readonly bytesWritten: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly snapshotsTaken: number;
  readonly snapshotsInstalled: number;
  readonly overloads: number;
}
