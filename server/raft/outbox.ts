/**
 * What the handlers of one step want to happen; raft.ts turns it into the step's Ready.
 *
 * It decides nothing but this: a message that depends on the disk goes into sendAfterWrite.
 */
import type { EntryId, NodeId, SnapshotMeta } from './entry.ts';
import type { Envelope, InstallSnapshot, Message } from './message.ts';
import type { ChunkRequest, Rejection, TransferEnd } from './ready.ts';

export class Outbox {
  messages: Envelope[] = [];
  messagesAfterWrite: Envelope[] = [];
  accepted: { readonly id: number; readonly entry: EntryId }[] = [];
  rejected: { readonly id: number; readonly reason: Rejection }[] = [];
  reads: { readonly id: number; readonly readIndex: number }[] = [];
  rejectedReads: { readonly id: number }[] = [];
  transfers: { readonly id: number; readonly end: TransferEnd }[] = [];
  chunkRequests: ChunkRequest[] = [];
  chunks: { readonly from: NodeId; readonly message: InstallSnapshot }[] = [];
  installed: SnapshotMeta | null = null;

  /** For what promises nothing that is not yet durable: a leader's requests, pre-vote requests. */
  send(to: NodeId, message: Message): void {
    this.messages.push({ to, message });
  }

  /** For all that speaks of this server's term, vote or log as a fact. [Fig. 2] */
  sendAfterWrite(to: NodeId, message: Message): void {
    this.messagesAfterWrite.push({ to, message });
  }
}
