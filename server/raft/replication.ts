/**
 * The leader's side of the log: proposals, the answers of followers, and the commit rule.
 *
 * It counts itself only as far as its own write has become durable. The follower's side is
 * append-entries.ts; what leaves, and when, is sending.ts.
 */
import { quorumReachedOf } from './configuration.ts';
import { type Core, configurationInForce } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { continueChange } from './membership.ts';
import type {
  AppendEntriesResponse,
  InstallSnapshotResponse,
  ReadIndexRequest,
} from './message.ts';
import type { Progress } from './progress.ts';
import {
  forwardReads,
  hasUnconfirmedReads,
  queueReads,
  queueRemoteRead,
  releaseConfirmedReads,
} from './read-index.ts';
import type { Proposal, Rejection } from './ready.ts';
import { becomeFollower, maybeAdoptTerm } from './role.ts';
import {
  appendAsLeader,
  broadcastEntries,
  broadcastHeartbeat,
  maybeSendEntries,
  maybeSendReadRound,
  requestChunk,
  takeHeardQuorum,
} from './sending.ts';
import { maybeTellToStand, stepTransferTick } from './transfer.ts';

const noData = new Uint8Array(0);

export function stepPropose(core: Core, proposals: readonly Proposal[]): void {
  const { outbox } = core;
  for (const { id, data } of proposals) {
    const reason = rejectionOf(core, data.length);
    if (reason !== null) {
      outbox.rejected.push({ id, reason });
      continue;
    }
    const { index, term } = appendAsLeader(core, 'command', data);
    outbox.accepted.push({ id, entry: { index, term } });
  }
  if (core.role === 'leader') broadcastEntries(core);
}

function rejectionOf(core: Core, bytes: number): Rejection | null {
  if (core.role !== 'leader') return 'notLeader';
  if (core.transfer !== null) return 'transferring';
  const { uncommittedBytes, options } = core;
  // A leader that is cut off would else collect proposals until its memory ends.
  const full = uncommittedBytes > 0 && uncommittedBytes + bytes > options.maxUncommittedBytes;
  return full ? 'overloaded' : null;
}

export function stepRead(core: Core, ids: readonly number[]): void {
  if (core.role !== 'leader') {
    forwardReads(core, ids);
    return;
  }
  queueReads(core, ids);
  // One round at a time: what is asked meanwhile shares the next one.
  if (!hasUnconfirmedReads(core)) maybeSendReadRound(core);
}

export function handleReadIndexRequest(core: Core, from: NodeId, message: ReadIndexRequest): void {
  const { requestId } = message;
  maybeAdoptTerm(core, message.term);
  if (core.role !== 'leader' || message.term < core.currentTerm) {
    const { currentTerm: term } = core;
    const refusal = { type: 'readIndexResponse', term, requestId, readIndex: null } as const;
    core.outbox.sendAfterWrite(from, refusal);
    return;
  }
  queueRemoteRead(core, from, requestId);
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

/** Heartbeats, and the check that a quorum still answers them. */
export function stepLeaderTick(core: Core): void {
  core.heartbeatElapsedTicks += 1;
  core.checkQuorumElapsedTicks += 1;
  if (core.checkQuorumElapsedTicks >= core.options.electionTimeoutTicks) {
    core.checkQuorumElapsedTicks = 0;
    if (!takeHeardQuorum(core)) {
      // Divergence: it steps down without a later term. Clients of a leader that nobody follows
      // would wait for ever. [Ongaro §6.2]
      becomeFollower(core, core.currentTerm, null);
      return;
    }
  }
  stepTransferTick(core);
  if (core.heartbeatElapsedTicks < core.options.heartbeatTimeoutTicks) return;
  // A lost round is asked anew with the heartbeat, together with what waits behind it.
  if (!maybeSendReadRound(core)) broadcastHeartbeat(core);
}

/** The sender's progress if the answer counts: of this term, to this leader, of this time. */
function progressOf(
  core: Core,
  from: NodeId,
  message: { readonly term: number; readonly replicationId: number },
): Progress | null {
  if (maybeAdoptTerm(core, message.term)) return null;
  if (core.role !== 'leader' || message.term < core.currentTerm) return null;
  const progress = core.progress.get(from);
  return progress?.replicationId === message.replicationId ? progress : null;
}

export function handleAppendEntriesResponse(
  core: Core,
  from: NodeId,
  message: AppendEntriesResponse,
): void {
  const progress = progressOf(core, from, message);
  if (progress === null) return;
  // Even a refusal proves that the follower followed this leader in that round.
  progress.heard(message.readRound);
  releaseConfirmedReads(core);
  if (message.success) handleMatch(core, progress, message.matchIndex);
  else backtrack(core, progress, message);
  continueWith(core, from, progress);
}

export function handleInstallSnapshotResponse(
  core: Core,
  from: NodeId,
  message: InstallSnapshotResponse,
): void {
  const progress = progressOf(core, from, message);
  if (progress === null) return;
  progress.heard(0);
  const { lastIncludedIndex, nextOffset } = message;
  if (message.installed) handleMatch(core, progress, lastIncludedIndex);
  else if (progress.maybeContinueSnapshot(lastIncludedIndex, nextOffset)) {
    requestChunk(core, from, progress);
  }
  continueWith(core, from, progress);
}

/** What an answer makes possible; unless it was the one that ended this leadership. */
function continueWith(core: Core, from: NodeId, progress: Progress): void {
  if (core.role !== 'leader') return;
  if (core.progress.get(from) === progress) maybeSendEntries(core, from, progress);
  maybeTellToStand(core);
  if (!hasUnconfirmedReads(core)) maybeSendReadRound(core);
}

function handleMatch(core: Core, progress: Progress, matchIndex: number): void {
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
  return quorumReachedOf(configurationInForce(core), (voter) =>
    voter === core.id ? core.durability.durableIndex : (core.progress.get(voter)?.matchIndex ?? 0),
  );
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
  for (const { term, data } of core.log.slice(core.commitIndex + 1, index)) {
    if (term === core.currentTerm) core.uncommittedBytes -= data.length;
  }
  core.commitIndex = index;
  continueChange(core);
  // Reads that were asked before the no-op was committed have waited for this.
  if (core.role === 'leader' && !hasUnconfirmedReads(core)) maybeSendReadRound(core);
  return true;
}
