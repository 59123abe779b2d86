/**
 * The leader's side of the log: proposals, appendEntries, their answers, and the commit rule.
 *
 * It sends in parallel with its own write [Ongaro §10.2.1] and counts itself only as far as that
 * write has become durable. The follower's side is append-entries.ts.
 */
import type { Core } from './core.ts';
import type { Entry, EntryKind, NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { AppendEntriesResponse } from './message.ts';
import type { Progress } from './progress.ts';
import { quorumReached } from './quorum.ts';
import {
  hasUnconfirmedReads,
  maybeStartReadRound,
  queueReads,
  releaseConfirmedReads,
} from './read-index.ts';
import type { Proposal } from './ready.ts';
import { becomeFollower, maybeAdoptTerm } from './role.ts';

const noData = new Uint8Array(0);

export function stepPropose(core: Core, proposals: readonly Proposal[]): void {
  const { outbox } = core;
  if (core.role !== 'leader') {
    for (const { id } of proposals) outbox.rejected.push({ id });
    return;
  }
  for (const { id, data } of proposals) {
    const { index, term } = appendAsLeader(core, 'command', data);
    outbox.accepted.push({ id, entry: { index, term } });
  }
  broadcastEntries(core);
}

export function stepRead(core: Core, ids: readonly number[]): void {
  if (core.role !== 'leader') {
    for (const id of ids) core.outbox.rejectedReads.push({ id });
    return;
  }
  queueReads(core, ids);
  // One round at a time: what is asked meanwhile shares the next one.
  if (!hasUnconfirmedReads(core)) maybeSendReadRound(core);
}

/**
 * The first entry of a term is a no-op: only an entry of its own term lets a leader commit, and so
 * learn, what its predecessors left behind. [Raft §8]
 */
export function beginTermAsLeader(core: Core): void {
  appendAsLeader(core, 'no-op', noData);
  broadcastEntries(core);
}

function appendAsLeader(core: Core, kind: EntryKind, data: Uint8Array): Entry {
  const entry: Entry = { index: core.log.lastIndex + 1, term: core.currentTerm, kind, data };
  core.log.append([entry]);
  return entry;
}

/** Heartbeats, and the check that a quorum still answers them. */
export function stepLeaderTick(core: Core): void {
  core.heartbeatElapsedTicks += 1;
  core.checkQuorumElapsedTicks += 1;
  if (core.checkQuorumElapsedTicks >= core.options.electionTimeoutTicks) {
    core.checkQuorumElapsedTicks = 0;
    if (!heardQuorum(core)) {
      // Divergence: it steps down without a later term. Clients of a leader that nobody follows
      // would wait for ever. [Ongaro §6.2]
      becomeFollower(core, core.currentTerm, null);
      return;
    }
  }
  if (core.heartbeatElapsedTicks < core.options.heartbeatTimeoutTicks) return;
  // A lost round is asked anew with the heartbeat, together with what waits behind it.
  if (!maybeSendReadRound(core)) broadcastHeartbeat(core);
}

function heardQuorum(core: Core): boolean {
  const heard = [1];
  for (const progress of core.progress.values()) {
    heard.push(progress.takeRecentlyActive() ? 1 : 0);
  }
  return quorumReached(heard) === 1;
}

function maybeSendReadRound(core: Core): boolean {
  if (!maybeStartReadRound(core)) return false;
  broadcastHeartbeat(core);
  releaseConfirmedReads(core);
  return true;
}

/** Without entries it still checks the log: a lost message shows as a refusal. */
function broadcastHeartbeat(core: Core): void {
  core.heartbeatElapsedTicks = 0;
  for (const [peer, progress] of core.progress) sendAppendEntries(core, peer, progress, []);
}

function broadcastEntries(core: Core): void {
  for (const [peer, progress] of core.progress) maybeSendEntries(core, peer, progress);
}

/** Sends all that the follower lacks, as far as its window allows. */
function maybeSendEntries(core: Core, peer: NodeId, progress: Progress): boolean {
  let sent = false;
  while (progress.nextIndex <= core.log.lastIndex && progress.canSendEntries()) {
    const { maxEntryBytesPerMessage } = core.options;
    const entries = core.log.sliceByBytes(progress.nextIndex, maxEntryBytesPerMessage);
    sendAppendEntries(core, peer, progress, entries);
    const bytes = entries.reduce((sum, entry) => sum + entry.data.length, 0);
    progress.sentEntries(progress.nextIndex + entries.length - 1, bytes);
    sent = true;
  }
  return sent;
}

function sendAppendEntries(
  core: Core,
  peer: NodeId,
  progress: Progress,
  entries: readonly Entry[],
): void {
  const prevLogIndex = progress.nextIndex - 1;
  core.outbox.send(peer, {
    type: 'appendEntries',
    term: core.currentTerm,
    leaderId: core.id,
    prevLogIndex,
    prevLogTerm: core.log.termAt(prevLogIndex),
    entries,
    leaderCommit: core.commitIndex,
    readRound: core.reads.round,
  });
}

export function handleAppendEntriesResponse(
  core: Core,
  from: NodeId,
  message: AppendEntriesResponse,
): void {
  if (maybeAdoptTerm(core, message.term)) return;
  const progress = core.progress.get(from);
  if (core.role !== 'leader' || progress === undefined || message.term < core.currentTerm) return;
  // Even a refusal proves that the follower followed this leader in that round.
  progress.heard(message.readRound);
  releaseConfirmedReads(core);
  if (message.success) handleMatch(core, progress, message);
  else backtrack(core, progress, message);
  maybeSendEntries(core, from, progress);
  if (!hasUnconfirmedReads(core)) maybeSendReadRound(core);
}

function handleMatch(core: Core, progress: Progress, message: AppendEntriesResponse): void {
  const { matchIndex } = message;
  if (matchIndex > core.log.lastIndex) {
    throw new InvariantError('a follower matches only what its leader has', {
      matchIndex,
      lastLogIndex: core.log.lastIndex,
      currentTerm: core.currentTerm,
    });
  }
  if (progress.maybeMatch(matchIndex)) maybeAdvanceCommitIndex(core);
}

/**
 * The follower named the last place up to which the logs may agree; skip the leader's own entries
 * there whose terms the follower cannot have. At most one exchange for each term. [Raft §5.3]
 */
function backtrack(core: Core, progress: Progress, message: AppendEntriesResponse): void {
  const { conflictIndex, conflictTerm } = message;
  const agreed = core.log.lastIndexWithTermAtMost(conflictIndex - 1, conflictTerm);
  progress.maybeBacktrack(agreed + 1);
}

/** The greatest index that a quorum holds durably. */
function quorumMatchIndex(core: Core): number {
  const matchIndexes = [core.durability.durableIndex];
  for (const progress of core.progress.values()) matchIndexes.push(progress.matchIndex);
  return quorumReached(matchIndexes);
}

/**
 * The commit rule. [Raft §5.4.2]
 *
 * Counting copies commits an entry of the current term only, and with it all before it. An old
 * entry on a quorum may still be overwritten: figure 8 of the paper shows how.
 */
export function maybeAdvanceCommitIndex(core: Core): boolean {
  const index = quorumMatchIndex(core);
  if (index <= core.commitIndex || core.log.termAt(index) !== core.currentTerm) return false;
  core.commitIndex = index;
  // Reads that were asked before the no-op was committed have waited for this.
  if (!hasUnconfirmedReads(core)) maybeSendReadRound(core);
  return true;
}
