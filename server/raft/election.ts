/**
 * Elections: when to stand, whom to vote for, when one has won. [Raft §5.2, §5.4.1]
 *
 * A pre-vote [Ongaro §9.6] comes first and binds nobody. A vote leaves only once it is durable.
 */
import { type Core, lastLogId } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { RequestVote, RequestVoteResponse } from './message.ts';
import { isQuorum } from './quorum.ts';
import { beginTermAsLeader } from './replication.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  maybeAdoptTerm,
  resetElectionTimer,
} from './role.ts';

/** Time passes for anyone but a leader. */
export function stepElectionTick(core: Core): void {
  core.electionElapsedTicks += 1;
  if (core.electionElapsedTicks >= core.electionTimeoutTicks) preCampaign(core);
}

// Divergence: a pre-vote before each election, so that a server which was cut off does not depose
// a leader with its high term when it returns.
function preCampaign(core: Core): void {
  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);
}

function maybeWinPreVote(core: Core): boolean {
  if (!isQuorum(core.votesGranted.size, core.configuration.voters.length)) return false;
  becomeCandidate(core);
  broadcastRequestVote(core, false);
  return true;
}

/** A candidate wins with the votes of a quorum, each of them durable. */
function maybeWinElection(core: Core): boolean {
  if (!isQuorum(core.votesGranted.size, core.configuration.voters.length)) return false;
  becomeLeader(core);
  beginTermAsLeader(core);
  return true;
}

function broadcastRequestVote(core: Core, preVote: boolean): void {
  const last = lastLogId(core);
  const message: RequestVote = {
    type: 'requestVote',
    term: preVote ? core.currentTerm + 1 : core.currentTerm,
    candidateId: core.id,
    lastLogIndex: last.index,
    lastLogTerm: last.term,
    preVote,
  };
  for (const peer of core.peers) {
    // A real request says "I have voted for myself in this term"; a pre-vote promises nothing.
    if (preVote) core.outbox.send(peer, message);
    else core.outbox.sendAfterWrite(peer, message);
  }
}

export function handleRequestVote(core: Core, from: NodeId, message: RequestVote): void {
  // Divergence: who follows a live leader does not even look at the term of one who would replace
  // it. [Ongaro §4.2.3]
  if (followsLiveLeader(core)) return;
  if (message.preVote) answerPreVote(core, from, message);
  else answerVote(core, from, message);
}

function followsLiveLeader(core: Core): boolean {
  if (core.leaderId === null) return false;
  if (core.role === 'leader') return true;
  return core.electionElapsedTicks < core.options.electionTimeoutTicks;
}

/** Changes nothing here: neither term, nor vote, nor timer. */
function answerPreVote(core: Core, from: NodeId, message: RequestVote): void {
  const voteGranted = message.term > core.currentTerm && isUpToDate(core, message);
  core.outbox.sendAfterWrite(from, {
    type: 'requestVoteResponse',
    term: voteGranted ? message.term : core.currentTerm,
    voteGranted,
    preVote: true,
  });
}

function answerVote(core: Core, from: NodeId, message: RequestVote): void {
  maybeAdoptTerm(core, message.term);
  const voteGranted =
    message.term === core.currentTerm &&
    (core.votedFor === null || core.votedFor === message.candidateId) &&
    isUpToDate(core, message);
  if (voteGranted) {
    if (core.role === 'leader') {
      const facts = { id: core.id, term: core.currentTerm, candidateId: message.candidateId };
      throw new InvariantError('a leader has voted for itself', facts);
    }
    core.votedFor = message.candidateId;
    becomeFollower(core, message.term, null);
    resetElectionTimer(core);
  }
  core.outbox.sendAfterWrite(from, {
    type: 'requestVoteResponse',
    term: core.currentTerm,
    voteGranted,
    preVote: false,
  });
}

function isUpToDate(core: Core, message: RequestVote): boolean {
  return core.log.isAtMostAsUpToDateAs({ index: message.lastLogIndex, term: message.lastLogTerm });
}

export function handleRequestVoteResponse(
  core: Core,
  from: NodeId,
  message: RequestVoteResponse,
): void {
  if (message.preVote && message.voteGranted) {
    // The term is the one that was asked about; nobody has adopted it.
    if (core.role !== 'preCandidate' || message.term !== core.currentTerm + 1) return;
    core.votesGranted.add(from);
    maybeWinPreVote(core);
    return;
  }
  if (maybeAdoptTerm(core, message.term)) return;
  if (core.role !== 'candidate' || message.term !== core.currentTerm) return;
  if (message.preVote || !message.voteGranted) return;
  core.votesGranted.add(from);
  maybeWinElection(core);
}

/** The disk has caught up: a candidate's vote for itself may count now. */
export function maybeCountOwnVote(core: Core): boolean {
  const { ownVoteWriteId } = core;
  if (core.role !== 'candidate' || ownVoteWriteId === null) return false;
  if (!core.durability.isWritten(ownVoteWriteId)) return false;
  core.ownVoteWriteId = null;
  core.votesGranted.add(core.id);
  maybeWinElection(core);
  return true;
}
