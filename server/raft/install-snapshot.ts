/**
 * Snapshots: the own one that lets the log be compacted, and the leader's that replaces what is
 * here. [Raft §7] [Fig. 13]
 *
 * The bytes are the driver's business; here it is decided whether they count, and what becomes of
 * log, commit index and configuration.
 */
import { followLeader } from './append-entries.ts';
import type { Core } from './core.ts';
import type { EntryId, NodeId, SnapshotMeta } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { InstallSnapshot } from './message.ts';
import type { ChunkStored } from './ready.ts';
import { learnCommitIndex, reconcileWithConfiguration } from './role.ts';

/** The newest snapshot that could be taken: of what is committed up to `index`. */
export function snapshotMetaAt(core: Core, index: number): SnapshotMeta {
  if (index > core.commitIndex) {
    const facts = { index, commitIndex: core.commitIndex };
    throw new InvariantError('a snapshot holds what is committed only', facts);
  }
  return {
    lastIncludedIndex: index,
    lastIncludedTerm: core.log.termAt(index),
    configuration: core.configurations.at(index),
  };
}

/** Keeps some entries before the snapshot, so that a follower that is a little behind gets those
 * and not all of the state. */
export function stepSnapshotTaken(core: Core, snapshot: SnapshotMeta): void {
  const { lastIncludedIndex } = snapshot;
  // A leader's newer one may have been installed meanwhile.
  if (core.snapshot !== null && lastIncludedIndex <= core.snapshot.lastIncludedIndex) return;
  if (lastIncludedIndex > core.commitIndex) {
    const facts = { lastIncludedIndex, commitIndex: core.commitIndex };
    throw new InvariantError('a snapshot holds what is committed only', facts);
  }
  core.snapshot = snapshot;
  const compactIndex = trailingFrom(core, lastIncludedIndex) - 1;
  core.log.compactTo(compactIndex);
  core.configurations.compactTo(compactIndex);
}

/** The first entry that stays: so many before the snapshot's end, as long as they are small. */
function trailingFrom(core: Core, lastIncludedIndex: number): number {
  const { trailingEntryCount, trailingBytesMax } = core.options;
  const oldest = Math.max(core.log.firstIndex, lastIncludedIndex - trailingEntryCount + 1);
  let from = lastIncludedIndex + 1;
  let bytes = 0;
  while (from > oldest) {
    bytes += core.log.entryAt(from - 1).data.length;
    if (bytes > trailingBytesMax) break;
    from -= 1;
  }
  return from;
}

export function handleInstallSnapshot(core: Core, from: NodeId, message: InstallSnapshot): void {
  const { lastIncludedIndex, lastIncludedTerm, replicationId } = message;
  if (message.term < core.currentTerm) {
    respond(core, { to: from, lastIncludedIndex, replicationId, installed: false });
    return;
  }
  followLeader(core, message);
  const last: EntryId = { index: lastIncludedIndex, term: lastIncludedTerm };
  // Late or doubled, or the log has got there by itself: to install it would throw away what came
  // after it and was acknowledged.
  const holds = lastIncludedIndex <= core.commitIndex || core.log.holds(last);
  if (!holds) {
    core.outbox.chunks.push({ from, message });
    return;
  }
  // The leader compacted it, so it is committed; and it matches, so that is known here now.
  learnCommitIndex(core, lastIncludedIndex);
  respond(core, { to: from, lastIncludedIndex, replicationId, installed: true });
}

/** Tells the leader how far the file has got. */
export function stepChunkStored(core: Core, stored: ChunkStored): void {
  const { from, lastIncludedIndex, nextOffset, replicationId } = stored;
  if (core.leaderId !== from || core.role === 'leader') return;
  core.outbox.sendAfterWrite(from, {
    type: 'installSnapshotResponse',
    term: core.currentTerm,
    lastIncludedIndex,
    nextOffset,
    installed: false,
    replicationId,
  });
}

export interface ReceivedSnapshot {
  readonly from: NodeId;
  readonly replicationId: number;
  readonly snapshot: SnapshotMeta;
}

/** The whole file is durable. The log may have got there by itself meanwhile. */
export function stepSnapshotReceived(core: Core, received: ReceivedSnapshot): void {
  const { from, replicationId, snapshot } = received;
  const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
  if (core.role === 'leader') return;
  if (core.log.holds({ index, term })) learnCommitIndex(core, index);
  else if (index > core.commitIndex) install(core, snapshot);
  if (core.leaderId !== from) return;
  respond(core, { to: from, lastIncludedIndex: index, replicationId, installed: true });
}

/**
 * All of the log goes: it ends before the snapshot, or contradicts it, and then its tail was never
 * committed. A tail that stayed would make the leader send the snapshot for ever, and one of its
 * configurations could stay in force. [Fig. 13]
 */
function install(core: Core, snapshot: SnapshotMeta): void {
  const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
  core.log.resetTo({ index, term });
  core.durability.truncateFrom(index);
  core.configurations.resetTo(snapshot.configuration);
  core.commitIndex = index;
  core.snapshot = snapshot;
  core.outbox.installed = snapshot;
  reconcileWithConfiguration(core);
}

function respond(
  core: Core,
  answer: {
    readonly to: NodeId;
    readonly lastIncludedIndex: number;
    readonly replicationId: number;
    readonly installed: boolean;
  },
): void {
  const { to, ...fields } = answer;
  core.outbox.sendAfterWrite(to, {
    type: 'installSnapshotResponse',
    term: core.currentTerm,
    nextOffset: 0,
    ...fields,
  });
}
