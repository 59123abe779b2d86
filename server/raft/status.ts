/**
 * What a core says of itself: a copy, for introspection and for the driver's decisions.
 */
import type { Core } from './core.ts';
import type { RaftStatus } from './ready.ts';

export function statusOf(core: Core): RaftStatus {
  const { id, role, currentTerm, votedFor, leaderId, commitIndex, log } = core;
  const followers = [...core.progress].map(([follower, progress]) => {
    const { mode, matchIndex, nextIndex, inflightCount } = progress;
    return { id: follower, mode, matchIndex, nextIndex, inflightCount };
  });
  return {
    id,
    role,
    currentTerm,
    votedFor,
    leaderId,
    commitIndex,
    durableIndex: core.durability.durableIndex,
    firstLogIndex: log.firstIndex,
    lastLogIndex: log.lastIndex,
    lastLogTerm: log.lastTerm,
    snapshotIndex: core.snapshot?.lastIncludedIndex ?? 0,
    configuration: core.configurations.current,
    followers,
    transferringTo: core.transfer?.to ?? null,
  };
}
