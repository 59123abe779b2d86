/**
 * Linearizable reads without a log entry and without a clock. [Ongaro §6.4]
 *
 * A read gets the commit index of a moment after it was asked, and is released once a quorum has
 * answered a message of a later moment: then no newer leader had committed anything by the time the
 * index was taken. Sending is replication.ts's business.
 */
import type { Core } from './core.ts';
import { InvariantError } from './invariant-error.ts';
import { quorumReached } from './quorum.ts';

export function queueReads(core: Core, ids: readonly number[]): void {
  core.reads.waiting.push(...ids);
}

export function hasUnconfirmedReads(core: Core): boolean {
  return core.reads.unconfirmed.length > 0;
}

/**
 * Puts all waiting reads into a new round, which the caller sends. Returns false when there is
 * nothing to ask, or it must not be asked yet.
 */
export function maybeStartReadRound(core: Core): boolean {
  const { reads, log } = core;
  if (core.role !== 'leader' || reads.waiting.length === 0) return false;
  // Before an entry of its own term is committed a leader does not know the commit index: its
  // predecessor may have answered writes beyond it, and a read would miss them. [Ongaro §6.4]
  if (log.termAt(core.commitIndex) !== core.currentTerm) return false;
  reads.round += 1;
  reads.unconfirmed.push({
    round: reads.round,
    readIndex: core.commitIndex,
    ids: reads.waiting,
  });
  reads.waiting = [];
  return true;
}

/** The newest round in which a quorum, this leader included, has still followed this leader. */
function confirmedReadRound(core: Core): number {
  const rounds = [core.reads.round];
  for (const progress of core.progress.values()) rounds.push(progress.readRound);
  return quorumReached(rounds);
}

/** Releases every read whose round a quorum has answered. Answers of earlier rounds are no proof:
 * since then a partition may have elected another leader, and a client would see a stale value. */
export function releaseConfirmedReads(core: Core): void {
  const { reads, outbox } = core;
  const confirmedRound = confirmedReadRound(core);
  if (confirmedRound > reads.round) {
    const facts = { confirmedRound, round: reads.round, currentTerm: core.currentTerm };
    throw new InvariantError('no round is answered before it is asked', facts);
  }
  while (reads.unconfirmed[0] !== undefined && reads.unconfirmed[0].round <= confirmedRound) {
    const { ids, readIndex } = reads.unconfirmed[0];
    for (const id of ids) outbox.reads.push({ id, readIndex });
    reads.unconfirmed.shift();
  }
}

/** A server that ceases to lead can confirm nothing: the client may ask the next leader. */
export function rejectPendingReads(core: Core): void {
  const { reads, outbox } = core;
  for (const batch of reads.unconfirmed) {
    for (const id of batch.ids) outbox.rejectedReads.push({ id });
  }
  for (const id of reads.waiting) outbox.rejectedReads.push({ id });
  reads.unconfirmed = [];
  reads.waiting = [];
}
