/**
 * The waist of consensus: `step(input) -> Ready`.
 *
 * Input is everything that may happen to a server; Ready is everything that must happen next, and
 * in which order. The driver (server/node.ts) performs it; nothing here has an effect of its own.
 */
import type { Entry, EntryId, HardState, NodeId, Role } from './entry.ts';
import type { Envelope, Message } from './message.ts';

export type Input =
  /** A unit of time has passed. The core knows no other time. */
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** Commands to replicate; ids are the driver's own, unique in this process. */
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** Reads that want a read index; ids are the driver's own, unique in this process. */
  | { readonly type: 'read'; readonly ids: readonly number[] }
  /** The write with this id, and every earlier one, is durable. */
  | { readonly type: 'written'; readonly writeId: number };

export interface Proposal {
  readonly id: number;
  readonly data: Uint8Array;
}

/** A unit of durability. Writes are to be made durable in the order of their ids. */
export interface Write {
  readonly id: number;
  /** New hard state, or null when it has not changed. */
  readonly hardState: HardState | null;
  /** Contiguous. Entries on disk at or beyond the first one's index are void. */
  readonly entries: readonly Entry[];
}

export interface Ready {
  readonly write: Write | null;
  /** May leave at once: they promise nothing that is not yet durable. */
  readonly messages: readonly Envelope[];
  /** May leave only when `write` and every earlier write is durable. [Fig. 2] */
  readonly messagesAfterWrite: readonly Envelope[];
  /** Newly committed entries, in order and without a gap; to be applied. */
  readonly committed: readonly Entry[];
  /** Proposals that are now in the leader's log under this name. */
  readonly accepted: readonly { readonly id: number; readonly entry: EntryId }[];
  /** Proposals that were not appended and never will be. */
  readonly rejected: readonly { readonly id: number }[];
  /** Reads that may be served once `readIndex` has been applied. [Ongaro §6.4] */
  readonly reads: readonly { readonly id: number; readonly readIndex: number }[];
  /** Reads that this server can not confirm: it does not lead, or has ceased to. */
  readonly rejectedReads: readonly { readonly id: number }[];
  /** Role, term or leader differ from what the previous Ready left. */
  readonly statusChanged: boolean;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
  readonly leaderId: NodeId | null;
  readonly commitIndex: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  readonly voters: readonly NodeId[];
}
