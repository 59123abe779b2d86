/**
 * The changes of term and role, and the timer that begins them. [Raft §5.1, §5.2]
 *
 * Everything that must be forgotten with a role is forgotten here. What a new leader or candidate
 * sends is not decided here.
 */
import { type Core, configurationInForce, mayStand, otherMembers, restingRole } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { Progress } from './progress.ts';
import { rejectForwardedReads, rejectPendingReads } from './read-index.ts';

/** Draws a new timeout each time: one drawn once would make two servers split votes for ever. */
export function resetElectionTimer(core: Core): void {
  const { electionTimeoutTicks, random } = core.options;
  const drawn = electionTimeoutTicks + Math.floor(random() * electionTimeoutTicks);
  if (!(drawn >= electionTimeoutTicks && drawn < 2 * electionTimeoutTicks)) {
    throw new InvariantError('random() is in [0, 1)', { drawn, electionTimeoutTicks });
  }
  core.electionTimeoutTicks = drawn;
  core.electionElapsedTicks = 0;
}

/** A message of a later term makes anyone a follower of that term. [Raft §5.1] */
export function maybeAdoptTerm(core: Core, term: number): boolean {
  if (term <= core.currentTerm) return false;
  becomeFollower(core, term, null);
  return true;
}

/**
 * Or a learner, when it does not vote. Does not touch the election timer of one that did not lead:
 * a candidate whose log is behind would otherwise keep the others from standing themselves.
 */
export function becomeFollower(core: Core, term: number, leaderId: NodeId | null): void {
  if (term < core.currentTerm) {
    const facts = { id: core.id, term, currentTerm: core.currentTerm };
    throw new InvariantError('terms never fall', facts);
  }
  const led = core.role === 'leader';
  const later = term > core.currentTerm;
  if (later) {
    core.currentTerm = term;
    core.votedFor = null;
    core.leaderTransferEpoch = 0;
  }
  // What was asked of another leader, or in another term, is not waited for.
  if (later || leaderId !== core.leaderId) rejectForwardedReads(core);
  core.leaderId = leaderId;
  if (core.role === 'follower' || core.role === 'learner') return;
  core.role = restingRole(core);
  core.votesGranted = new Set();
  core.ownVoteWriteId = null;
  core.progress = new Map();
  core.uncommittedBytes = 0;
  if (!led) return;
  endTransfer(core, later);
  rejectPendingReads(core);
  resetElectionTimer(core);
}

/** Asks whether it could win before it disturbs anyone with a new term. [Ongaro §9.6] */
export function becomePreCandidate(core: Core): void {
  checkMayStand(core);
  core.role = 'preCandidate';
  core.leaderId = null;
  rejectForwardedReads(core);
  core.votesGranted = new Set([core.id]);
  core.ownVoteWriteId = null;
  resetElectionTimer(core);
}

export function becomeCandidate(core: Core, isTransfer: boolean): void {
  checkMayStand(core);
  core.role = 'candidate';
  core.campaignIsTransfer = isTransfer;
  core.leaderId = null;
  rejectForwardedReads(core);
  core.currentTerm += 1;
  core.leaderTransferEpoch = 0;
  core.votedFor = core.id;
  // Its own vote counts once it is durable, like everybody's: one that forgot it in a crash could
  // vote for another in the same term. This step's write carries it.
  core.votesGranted = new Set();
  core.ownVoteWriteId = core.durability.nextWriteId;
  resetElectionTimer(core);
}

/** The caller appends the no-op and sends. */
export function becomeLeader(core: Core): void {
  if (core.role !== 'candidate' || core.votedFor !== core.id) {
    const facts = { id: core.id, role: core.role, votedFor: core.votedFor };
    throw new InvariantError('only a candidate becomes a leader', facts);
  }
  core.role = 'leader';
  core.leaderId = core.id;
  core.votesGranted = new Set();
  core.ownVoteWriteId = null;
  core.heartbeatElapsedTicks = 0;
  core.checkQuorumElapsedTicks = 0;
  core.uncommittedBytes = 0;
  core.progress = new Map();
  followMembers(core);
}

/** Another configuration is in force, or the one in force is committed now. */
export function reconcileWithConfiguration(core: Core): void {
  switch (core.role) {
    case 'leader':
      followMembers(core);
      return;
    case 'follower':
    case 'learner':
      core.role = restingRole(core);
      return;
    default:
      // It stood for election with a configuration that was taken back: no vote of it counts.
      if (!mayStand(core)) becomeFollower(core, core.currentTerm, null);
  }
}

/** One that does not lead has learned that more is committed: perhaps its own removal. */
export function learnCommitIndex(core: Core, index: number): void {
  if (index <= core.commitIndex) return;
  core.commitIndex = index;
  reconcileWithConfiguration(core);
}

/** A leader knows a progress for each other member, and for nobody else. */
function followMembers(core: Core): void {
  const members = otherMembers(core);
  for (const id of [...core.progress.keys()]) {
    if (!members.includes(id)) core.progress.delete(id);
  }
  for (const id of members) {
    if (core.progress.has(id)) continue;
    const replicationId = core.nextReplicationId++;
    core.progress.set(id, new Progress(core.log.lastIndex + 1, replicationId, core.options));
  }
}

/** By a later term, or because it took too long. */
export function endTransfer(core: Core, isDeposed: boolean): void {
  const { transfer } = core;
  if (transfer === null) return;
  const stays = transfer.toldToStand ? 'unanswered' : 'givenUp';
  core.outbox.transfers.push({ id: transfer.id, end: isDeposed ? 'deposed' : stays });
  core.transfer = null;
  core.transferEpoch += 1;
}

function checkMayStand(core: Core): void {
  if (core.role !== 'leader' && mayStand(core)) return;
  throw new InvariantError('only a voter that does not lead stands for election', {
    id: core.id,
    role: core.role,
    currentTerm: core.currentTerm,
    voters: configurationInForce(core).voters.join(','),
  });
}
