/**
 * What a leader appends and sends: entries, heartbeats, read rounds, chunks of snapshots.
 *
 * It sends in parallel with its own write [Ongaro §10.2.1]. What the answers mean is
 * replication.ts's business.
 */

import { quorumReachedOf } from './configuration.ts';
import { type Core, configurationInForce } from './core.ts';
import type { Entry, EntryId, EntryKind, NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { Progress } from './progress.ts';
import { maybeStartReadRound, releaseConfirmedReads } from './read-index.ts';
import { reconcileWithConfiguration } from './role.ts';

export function appendAsLeader(core: Core, kind: EntryKind, data: Uint8Array): Entry {
  if (core.role !== 'leader') {
    const facts = { id: core.id, role: core.role, currentTerm: core.currentTerm };
    throw new InvariantError('only a leader appends on its own', facts);
  }
  const entry: Entry = { index: core.log.lastIndex + 1, term: core.currentTerm, kind, data };
  core.log.append([entry]);
  core.uncommittedBytes += data.length;
  if (core.configurations.append([entry])) reconcileWithConfiguration(core);
  return entry;
}

export function broadcastEntries(core: Core): void {
  for (const [peer, progress] of core.progress) maybeSendEntries(core, peer, progress);
}

/** Sends all that the follower lacks, as far as its window allows. */
export function maybeSendEntries(core: Core, peer: NodeId, progress: Progress): boolean {
  let sent = false;
  while (progress.nextIndex <= core.log.lastIndex && progress.canSendEntries()) {
    if (progress.nextIndex < core.log.firstIndex) {
      beginSnapshot(core, peer, progress);
      return true;
    }
    const { maxEntryBytesPerMessage } = core.options;
    const entries = core.log.sliceByBytes(progress.nextIndex, maxEntryBytesPerMessage);
    sendAppendEntries(core, peer, progress, entries);
    const bytes = entries.reduce((sum, entry) => sum + entry.data.length, 0);
    progress.sentEntries(progress.nextIndex + entries.length - 1, bytes);
    sent = true;
  }
  return sent;
}

/** What it needs is compacted: the newest snapshot takes its place. [Raft §7] */
function beginSnapshot(core: Core, peer: NodeId, progress: Progress): void {
  const { snapshot, log } = core;
  if (snapshot === null || snapshot.lastIncludedIndex < log.base.index) {
    throw new InvariantError('what is compacted is in a snapshot', {
      baseIndex: log.base.index,
      snapshotIndex: snapshot?.lastIncludedIndex ?? null,
      nextIndex: progress.nextIndex,
    });
  }
  const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
  progress.becomeSnapshot({ index, term });
  requestChunk(core, peer, progress);
}

/** The driver reads the chunk and sends it. */
export function requestChunk(core: Core, peer: NodeId, progress: Progress): void {
  const { snapshot, snapshotOffset: offset, replicationId } = progress;
  if (snapshot === null) return;
  core.outbox.chunkRequests.push({
    to: peer,
    term: core.currentTerm,
    lastIncludedIndex: snapshot.index,
    offset,
    replicationId,
  });
}

/** The file is there no more: from its newest snapshot's beginning. */
export function restartSnapshot(core: Core, peer: NodeId): void {
  const progress = core.progress.get(peer);
  if (core.role !== 'leader' || progress === undefined || progress.snapshot === null) return;
  beginSnapshot(core, peer, progress);
}

/** Without entries it still checks the log: a lost message shows as a refusal. */
export function broadcastHeartbeat(core: Core): void {
  const { heartbeatTimeoutTicks, electionTimeoutTicks } = core.options;
  core.heartbeatElapsedTicks = 0;
  for (const [peer, progress] of core.progress) {
    // A probe that was lost has no answer that could tell.
    const lacks = progress.snapshot === null && progress.nextIndex < core.log.firstIndex;
    if (lacks) beginSnapshot(core, peer, progress);
    sendAppendEntries(core, peer, progress, []);
    const silent = progress.passSnapshotTicks(heartbeatTimeoutTicks, electionTimeoutTicks);
    if (silent) requestChunk(core, peer, progress);
  }
}

function sendAppendEntries(
  core: Core,
  peer: NodeId,
  progress: Progress,
  entries: readonly Entry[],
): void {
  const { index: prevLogIndex, term: prevLogTerm } = previousOf(core, progress);
  core.outbox.send(peer, {
    type: 'appendEntries',
    term: core.currentTerm,
    leaderId: core.id,
    prevLogIndex,
    prevLogTerm,
    entries,
    leaderCommit: core.commitIndex,
    readRound: core.reads.round,
    replicationId: progress.replicationId,
    transferEpoch: core.transferEpoch,
  });
}

/** What stands before the follower's next entry; the end of the snapshot that it is getting: it
 * lacks that, and says so, but it hears its leader. */
function previousOf(core: Core, progress: Progress): EntryId {
  if (progress.snapshot !== null) return progress.snapshot;
  const index = progress.nextIndex - 1;
  return { index, term: core.log.termAt(index) };
}

/** Asks the next round, if any reads wait for one. */
export function maybeSendReadRound(core: Core): boolean {
  if (!maybeStartReadRound(core)) return false;
  broadcastHeartbeat(core);
  releaseConfirmedReads(core);
  return true;
}

/** Whether a quorum has answered since this was last asked. [Ongaro §6.2] */
export function takeHeardQuorum(core: Core): boolean {
  const heard = new Set<NodeId>([core.id]);
  for (const [peer, progress] of core.progress) {
    if (progress.takeRecentlyActive()) heard.add(peer);
  }
  const reached = (voter: NodeId): number => (heard.has(voter) ? 1 : 0);
  return quorumReachedOf(configurationInForce(core), reached) === 1;
}
