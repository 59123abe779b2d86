/**
 * Elections: when to stand, whom to vote for, when one has won. [Raft §5.2, §5.4.1]
 *
 * A pre-vote [Ongaro §9.6] comes first and binds nobody. A vote leaves only once it is durable.
 */
import { isQuorumOf } from './configuration.ts';
import { type Core, configurationInForce, lastLogId } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { RequestVote, RequestVoteResponse, TimeoutNow } from './message.ts';
import { stepForwardedReadsTick } from './read-index.ts';
import { beginTermAsLeader } from './replication.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  maybeAdoptTerm,
  resetElectionTimer,
} from './role.ts';
import { obeysTimeoutNow } from './transfer.ts';

/** Time passes for anyone but a leader. */
export function stepElectionTick(core: Core): void {
  core.electionElapsedTicks += 1;
  if (core.electionElapsedTicks < core.electionTimeoutTicks) stepForwardedReadsTick(core);
  else if (core.role === 'learner') loseLeader(core);
  else preCampaign(core);
}

/** A learner does not stand. It only knows now that nobody leads. */
function loseLeader(core: Core): void {
  becomeFollower(core, core.currentTerm, null);
  resetElectionTimer(core);
}

// Divergence: a pre-vote before each election, so that a server which was cut off does not depose
// a leader with its high term when it returns.
function preCampaign(core: Core): void {
  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);
}

function maybeWinPreVote(core: Core): boolean {
  if (!isQuorumOf(configurationInForce(core), core.votesGranted)) return false;
  campaign(core, false);
  return true;
}

function campaign(core: Core, isTransfer: boolean): void {
  becomeCandidate(core, isTransfer);
  broadcastRequestVote(core, false);
}

/** The leader wants this server in its place: no pre-vote, and voters that follow the leader are
 * told that it is no disturbance. [Ongaro §3.10] */
export function handleTimeoutNow(core: Core, message: TimeoutNow): void {
  if (obeysTimeoutNow(core, message)) campaign(core, true);
}

/** A candidate wins with the votes of a quorum, each of them durable. */
function maybeWinElection(core: Core): boolean {
  // Each of the two majorities of a joint configuration, each counted for itself. [Raft §6]
  if (!isQuorumOf(configurationInForce(core), core.votesGranted)) return false;
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
    transfer: !preVote && core.campaignIsTransfer,
  };
  const { voters, outgoingVoters } = configurationInForce(core);
  for (const peer of new Set([...voters, ...outgoingVoters])) {
    if (peer === core.id) continue;
    // A real request says "I have voted for myself in this term"; a pre-vote promises nothing.
    if (preVote) core.outbox.send(peer, message);
    else core.outbox.sendAfterWrite(peer, message);
  }
}

export function handleRequestVote(core: Core, from: NodeId, message: RequestVote): void {
  // Divergence: who follows a live leader does not even look at the term of one who would replace
  // it, unless that leader itself has asked for it. [Ongaro §4.2.3]
  if (!message.transfer && followsLiveLeader(core)) return;
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

/** Whoever asks: neither the candidate nor this server need be in the configuration that is in
 * force here, for it may be an old one. A learner that would not answer could keep a cluster,
 * whose change made it a voter without its knowing, from electing anybody. [Ongaro §4.1] */
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
