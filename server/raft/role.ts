/**
 * The changes of term and role, and the timer that begins them. [Raft §5.1, §5.2]
 *
 * Everything that must be forgotten with a role is forgotten here. What a new leader or candidate
 * sends is not decided here.
 */
import type { Core } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { Progress } from './progress.ts';
import { rejectPendingReads } from './read-index.ts';

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
 * Does not touch the election timer of one that did not lead: a candidate whose log is behind
 * would otherwise keep the others from standing themselves.
 */
export function becomeFollower(core: Core, term: number, leaderId: NodeId | null): void {
  if (term < core.currentTerm) {
    const facts = { id: core.id, term, currentTerm: core.currentTerm };
    throw new InvariantError('terms never fall', facts);
  }
  const led = core.role === 'leader';
  if (term > core.currentTerm) {
    core.currentTerm = term;
    core.votedFor = null;
  }
  core.leaderId = leaderId;
  if (core.role === 'follower') return;
  core.role = 'follower';
  core.votesGranted = new Set();
  core.ownVoteWriteId = null;
  core.progress = new Map();
  if (led) {
    rejectPendingReads(core);
    resetElectionTimer(core);
  }
}

/** Asks whether it could win before it disturbs anyone with a new term. [Ongaro §9.6] */
export function becomePreCandidate(core: Core): void {
  checkNotLeader(core);
  core.role = 'preCandidate';
  core.leaderId = null;
  core.votesGranted = new Set([core.id]);
  core.ownVoteWriteId = null;
  resetElectionTimer(core);
}

export function becomeCandidate(core: Core): void {
  checkNotLeader(core);
  core.role = 'candidate';
  core.leaderId = null;
  core.currentTerm += 1;
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
  const nextIndex = core.log.lastIndex + 1;
  core.progress = new Map(
    core.peers.map((peer) => [peer, new Progress(nextIndex, core.options)] as const),
  );
}

function checkNotLeader(core: Core): void {
  if (core.role !== 'leader') return;
  throw new InvariantError('a leader does not stand for election', {
    id: core.id,
    currentTerm: core.currentTerm,
  });
}
