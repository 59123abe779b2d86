/**
 * The waist of consensus: `step(input) -> Ready`.
 *
 * Input is everything that may happen to a server; Ready is everything that must happen next, and
 * in which order. The driver (server/node.ts) performs it; nothing here has an effect of its own.
 */
import type {
  ConfigurationAt,
  Entry,
  EntryId,
  HardState,
  MemberAddress,
  NodeId,
  Role,
  SnapshotMeta,
} from './entry.ts';
import type { Envelope, InstallSnapshot, Message } from './message.ts';

export type Input =
  /** A unit of time has passed. The core knows no other time. */
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** Commands to replicate; ids are the driver's own, unique in this process. */
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** Reads that want a read index; ids are the driver's own, unique in this process. */
  | { readonly type: 'read'; readonly ids: readonly number[] }
  /** The write with this id, and every earlier one, is durable. */
  | { readonly type: 'written'; readonly writeId: number }
  | ({ readonly type: 'changeConfiguration' } & ConfigurationChange)
  /** Hand leadership over; null: to the follower that is furthest. */
  | { readonly type: 'transfer'; readonly id: number; readonly to: NodeId | null }
  /** A snapshot of the own state machine is durable: the log before it may go. */
  | { readonly type: 'snapshotTaken'; readonly snapshot: SnapshotMeta }
  /** A chunk that came in `chunks` has been dealt with. */
  | ({ readonly type: 'chunkStored' } & ChunkStored)
  /** The whole file of a leader's snapshot is on disk, durable and found good. */
  | {
      readonly type: 'snapshotReceived';
      readonly from: NodeId;
      readonly replicationId: number;
      readonly snapshot: SnapshotMeta;
    }
  /** The file that `chunkRequests` asked for is there no more: a newer one has replaced it. */
  | { readonly type: 'snapshotGone'; readonly to: NodeId };

export interface Proposal {
  readonly id: number;
  readonly data: Uint8Array;
}

/** The members as they shall be. */
export interface ConfigurationChange {
  readonly id: number;
  /** Refused unless the configuration in force has this id; null: whatever it is. */
  readonly expectedConfigurationIndex: number | null;
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly addresses: Readonly<Record<NodeId, MemberAddress>>;
}

export interface ChunkStored {
  readonly from: NodeId;
  readonly lastIncludedIndex: number;
  /** Where the file goes on. */
  readonly nextOffset: number;
  readonly replicationId: number;
}

/** A unit of durability. Writes are to be made durable in the order of their ids. */
export interface Write {
  readonly id: number;
  /** New hard state, or null when it has not changed. */
  readonly hardState: HardState | null;
  /**
   * The received snapshot becomes the current one, and the log on disk begins behind it: entries
   * up to it are void, and all others too unless the log holds its last entry. [Fig. 13]
   */
  readonly snapshot: SnapshotMeta | null;
  /** Contiguous. Entries on disk at or beyond the first one's index are void. */
  readonly entries: readonly Entry[];
}

/** Why something was not taken into the log. */
export type Rejection =
  | 'notLeader'
  /** Leadership is being handed over. */
  | 'transferring'
  /** Too much waits to be committed. */
  | 'overloaded'
  /** An earlier change of the configuration is not committed, or no entry of this term is. */
  | 'changeInFlight'
  /** The configuration in force is not the one that was expected. */
  | 'configurationMismatch'
  /** A server that does not have the log yet cannot vote. */
  | 'notCaughtUp'
  /** No voter, one named twice, or one that is voter and learner. */
  | 'badConfiguration'
  /** Leadership goes only to another voter. */
  | 'badTarget';

/**
 * `deposed`: a later term has come, and with it, most likely, the target's leadership. `givenUp`:
 * the target was never told to stand. `unanswered`: it was told so, and may still do it.
 */
export type TransferEnd = 'deposed' | 'givenUp' | 'unanswered';

/** A chunk of the current snapshot's file that is to be read and sent. */
export interface ChunkRequest {
  readonly to: NodeId;
  readonly term: number;
  readonly lastIncludedIndex: number;
  readonly offset: number;
  readonly replicationId: number;
}

export interface Ready {
  readonly write: Write | null;
  /** May leave at once: they promise nothing that is not yet durable. */
  readonly messages: readonly Envelope[];
  /** May leave only when `write` and every earlier write is durable. [Fig. 2] */
  readonly messagesAfterWrite: readonly Envelope[];
  /** The state machine is to become what this received snapshot holds, before `committed`. */
  readonly installed: SnapshotMeta | null;
  /** Newly committed entries, in order and without a gap; to be applied. */
  readonly committed: readonly Entry[];
  /** Proposals and changes that are now in the leader's log under this name. */
  readonly accepted: readonly { readonly id: number; readonly entry: EntryId }[];
  /** Proposals and changes that were not appended and never will be; transfers not begun. */
  readonly rejected: readonly { readonly id: number; readonly reason: Rejection }[];
  /** Reads that may be served once `readIndex` has been applied. [Ongaro §6.4] */
  readonly reads: readonly { readonly id: number; readonly readIndex: number }[];
  /** Reads that cannot be confirmed: no leader is known, or it was lost meanwhile. */
  readonly rejectedReads: readonly { readonly id: number }[];
  /** Transfers that are over. */
  readonly transfers: readonly { readonly id: number; readonly end: TransferEnd }[];
  readonly chunkRequests: readonly ChunkRequest[];
  /** Chunks that came from the leader; each is to be answered by `chunkStored`. */
  readonly chunks: readonly { readonly from: NodeId; readonly message: InstallSnapshot }[];
  /** Role, term or leader differ from what the previous Ready left. */
  readonly statusChanged: boolean;
  /** Another configuration is in force. */
  readonly configurationChanged: boolean;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
  readonly leaderId: NodeId | null;
  readonly commitIndex: number;
  readonly durableIndex: number;
  /** The first entry that the log still holds; lastLogIndex + 1 when it holds none. */
  readonly firstLogIndex: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  /** Of the newest snapshot, or 0. */
  readonly snapshotIndex: number;
  /** The configuration in force: the newest in the log, committed or not. [Raft §6] */
  readonly configuration: ConfigurationAt;
  /** A leader's view of the others; empty elsewhere. */
  readonly followers: readonly FollowerStatus[];
  readonly transferringTo: NodeId | null;
}

export interface FollowerStatus {
  readonly id: NodeId;
  readonly mode: 'probe' | 'replicate' | 'snapshot';
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly inflightCount: number;
}
