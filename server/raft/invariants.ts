/**
 * What must hold after every step, and what a step may never do: cheap enough for production.
 *
 * It looks at one server only. What holds between servers (election safety, log matching, leader
 * completeness, state machine safety [Fig. 3]) is checked by the cluster test and the simulation.
 */
import type { Core } from './core.ts';
import type { NodeId, Role } from './entry.ts';
import { InvariantError, type InvariantFacts } from './invariant-error.ts';

/** What a later state is compared with. */
export interface Landmarks {
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
  readonly role: Role;
  readonly leaderId: NodeId | null;
  readonly commitIndex: number;
  readonly commitTerm: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
}

export function landmarksOf(core: Core): Landmarks {
  return {
    currentTerm: core.currentTerm,
    votedFor: core.votedFor,
    role: core.role,
    leaderId: core.leaderId,
    commitIndex: core.commitIndex,
    commitTerm: core.log.termAt(core.commitIndex),
    lastLogIndex: core.log.lastIndex,
    lastLogTerm: core.log.lastTerm,
  };
}

/** Throws InvariantError. */
export function checkState(core: Core): void {
  const { log, durability } = core;
  const at = { core };
  assert(core.commitIndex <= log.lastIndex, 'what is committed is in the log', at);
  assert(log.lastTerm <= core.currentTerm, 'no entry is of a later term', at);
  assert(durability.durableIndex <= log.lastIndex, 'what is durable is in the log', at);
  assert(core.role !== 'candidate' || core.votedFor === core.id, 'a candidate votes', at);
  const leads = core.role === 'leader';
  assert(leads === (core.leaderId === core.id), 'a leader, and only it, follows itself', at);
  assert(!leads || core.votedFor === core.id, 'a leader has voted for itself', at);
  const peerCount = leads ? core.peers.length : 0;
  assert(core.progress.size === peerCount, 'a leader, and only it, knows its peers', at);
  const readCount = core.reads.unconfirmed.length + core.reads.waiting.length;
  assert(leads || readCount === 0, 'only a leader owes reads', at);
  for (const [peer, progress] of core.progress) {
    const { matchIndex, nextIndex } = progress;
    if (matchIndex < nextIndex && nextIndex <= log.lastIndex + 1) continue;
    const facts = { ...factsOf(at), peer, matchIndex, nextIndex };
    throw new InvariantError('matchIndex < nextIndex <= lastLogIndex + 1', facts);
  }
}

/** Throws InvariantError. */
export function checkTransition(before: Landmarks, core: Core): void {
  const { log } = core;
  const at = { core, before };
  assert(core.currentTerm >= before.currentTerm, 'terms never fall', at);
  assert(core.commitIndex >= before.commitIndex, 'the commit index never falls', at);
  const kept = log.termAt(before.commitIndex) === before.commitTerm;
  assert(kept, 'a committed entry is never replaced', at);
  const wasLeader = before.role === 'leader';
  assert(!wasLeader || core.role !== 'candidate', 'a leader does not stand', at);
  if (core.currentTerm !== before.currentTerm) return;
  const oneVote = before.votedFor === null || core.votedFor === before.votedFor;
  assert(oneVote, 'one vote in a term', at);
  const hadLeader = before.leaderId !== null && core.leaderId !== null;
  assert(!hadLeader || core.leaderId === before.leaderId, 'one leader in a term', at);
  const appended =
    log.lastIndex >= before.lastLogIndex && log.termAt(before.lastLogIndex) === before.lastLogTerm;
  assert(!wasLeader || appended, 'a leader only appends [Raft §5.3]', at);
  const won = core.role === 'leader' && !wasLeader;
  assert(!won || before.role === 'candidate', 'only a candidate becomes a leader', at);
}

interface Circumstances {
  readonly core: Core;
  readonly before?: Landmarks;
}

function assert(holds: boolean, promise: string, at: Circumstances): void {
  if (!holds) throw new InvariantError(promise, factsOf(at));
}

function factsOf({ core, before }: Circumstances): InvariantFacts {
  const earlier = Object.entries(before ?? {});
  return {
    id: core.id,
    role: core.role,
    currentTerm: core.currentTerm,
    votedFor: core.votedFor,
    leaderId: core.leaderId,
    commitIndex: core.commitIndex,
    durableIndex: core.durability.durableIndex,
    lastLogIndex: core.log.lastIndex,
    lastLogTerm: core.log.lastTerm,
    progressCount: core.progress.size,
    unconfirmedReadCount: core.reads.unconfirmed.length,
    waitingReadCount: core.reads.waiting.length,
    ...Object.fromEntries(earlier.map(([name, value]) => [`before.${name}`, value])),
  };
}
