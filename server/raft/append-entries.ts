/**
 * The follower's side of the log: to accept what the leader sends, or to say where to look.
 *
 * Every answer waits for the writes before it, so what it confirms is on disk when it leaves.
 */
import type { Core } from './core.ts';
import type { Entry, NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { AppendEntries, AppendEntriesResponse } from './message.ts';
import {
  becomeFollower,
  learnCommitIndex,
  reconcileWithConfiguration,
  resetElectionTimer,
} from './role.ts';

interface FromLeader {
  readonly term: number;
  readonly leaderId: NodeId;
}

export function handleAppendEntries(core: Core, from: NodeId, message: AppendEntries): void {
  if (message.term < core.currentTerm) {
    // Tells a deposed leader; its entries are not looked at. [Fig. 2]
    const { replicationId } = message;
    const { lastIndex } = core.log;
    refuse(core, from, {
      conflictIndex: lastIndex + 1,
      conflictTerm: core.currentTerm,
      replicationId,
    });
    return;
  }
  checkContiguous(message);
  followLeader(core, message);
  core.leaderTransferEpoch = Math.max(core.leaderTransferEpoch, message.transferEpoch);
  const { prevLogIndex, prevLogTerm, readRound, replicationId } = message;
  if (prevLogIndex < core.log.base.index) {
    // It begins in what is compacted here. All of that is committed, so the leader has it too;
    // taken for "nothing before it" the old entries would be appended a second time.
    answer(core, from, { success: true, matchIndex: core.commitIndex, readRound, replicationId });
    return;
  }
  if (!core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {
    refuse(core, from, { ...conflictBefore(core, message), readRound, replicationId });
    return;
  }
  acceptEntries(core, message.entries);
  const matchIndex = prevLogIndex + message.entries.length;
  // Only up to what this very message has shown to match. Beyond it the log may hold a deposed
  // leader's entries, and a heartbeat with a high leaderCommit would commit them. [Fig. 2]
  learnCommitIndex(core, Math.min(message.leaderCommit, matchIndex));
  answer(core, from, { success: true, matchIndex, readRound, replicationId });
}

/** Who sends as the leader of this term or a later one, is followed. [Fig. 2] */
export function followLeader(core: Core, message: FromLeader): void {
  checkOneLeader(core, message);
  becomeFollower(core, message.term, message.leaderId);
  resetElectionTimer(core);
}

function checkOneLeader(core: Core, message: FromLeader): void {
  const sameTerm = message.term === core.currentTerm;
  const known = core.role === 'leader' ? core.id : core.leaderId;
  if (!sameTerm || known === null || known === message.leaderId) return;
  throw new InvariantError('a term has at most one leader [Raft §5.2]', {
    id: core.id,
    term: message.term,
    leaderId: known,
    otherLeaderId: message.leaderId,
  });
}

function checkContiguous(message: AppendEntries): void {
  let { prevLogIndex: index, prevLogTerm: term } = message;
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || entry.term < term || entry.term > message.term) {
      throw new InvariantError('a leader sends a piece of a log', {
        leaderId: message.leaderId,
        messageTerm: message.term,
        index: entry.index,
        term: entry.term,
        previousIndex: index,
        previousTerm: term,
      });
    }
    index = entry.index;
    term = entry.term;
  }
}

/**
 * Where the logs may still agree: not where this log's term is above the leader's, for along a log
 * terms never fall. The leader does the same with its own log, so neither steps entry by entry.
 *
 * Divergence: the paper's hint is the conflicting term and its first index.
 */
function conflictBefore(
  core: Core,
  message: AppendEntries,
): Pick<AppendEntriesResponse, 'conflictIndex' | 'conflictTerm'> {
  const { prevLogIndex, prevLogTerm } = message;
  if (prevLogIndex <= core.commitIndex) {
    throw new InvariantError('a leader holds every committed entry [Raft §5.4]', {
      leaderId: message.leaderId,
      term: message.term,
      prevLogIndex,
      prevLogTerm,
      ownTerm: core.log.termAt(prevLogIndex),
      commitIndex: core.commitIndex,
    });
  }
  // What is committed here agrees with every later leader. [Raft §5.4]
  const found = core.log.lastIndexWithTermAtMost(prevLogIndex, prevLogTerm);
  const agreed = Math.max(found, core.commitIndex);
  return { conflictIndex: agreed + 1, conflictTerm: core.log.termAt(agreed) };
}

/** Removes entries only for one that contradicts them: a late or doubled message, which holds a
 * part of what is here already, must not shorten a log that has been confirmed. [Fig. 2] */
function acceptEntries(core: Core, entries: readonly Entry[]): void {
  const firstNew = entries.findIndex((entry) => !core.log.holds(entry));
  const entry = entries[firstNew];
  if (entry === undefined) return;
  let changed = false;
  if (entry.index <= core.log.lastIndex) {
    if (entry.index <= core.commitIndex) {
      throw new InvariantError('a committed entry is never removed', {
        index: entry.index,
        ownTerm: core.log.termAt(entry.index),
        leaderTerm: entry.term,
        commitIndex: core.commitIndex,
      });
    }
    core.log.truncateFrom(entry.index);
    core.durability.truncateFrom(entry.index);
    changed = core.configurations.truncateFrom(entry.index);
  }
  const fresh = entries.slice(firstNew);
  core.log.append(fresh);
  if (core.configurations.append(fresh) || changed) reconcileWithConfiguration(core);
}

function refuse(
  core: Core,
  to: NodeId,
  where: Pick<AppendEntriesResponse, 'conflictIndex' | 'conflictTerm' | 'replicationId'> & {
    readonly readRound?: number;
  },
): void {
  answer(core, to, { success: false, ...where });
}

function answer(
  core: Core,
  to: NodeId,
  fields: Partial<AppendEntriesResponse> & Pick<AppendEntriesResponse, 'success' | 'replicationId'>,
): void {
  core.outbox.sendAfterWrite(to, {
    type: 'appendEntriesResponse',
    term: core.currentTerm,
    matchIndex: 0,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound: 0,
    ...fields,
  });
}
