/**
 * Linearizable reads without a log entry and without a clock. [Ongaro §6.4]
 *
 * A read gets the commit index of a moment after it was asked, and is released once a quorum has
 * answered a message of a later moment: then no newer leader had committed anything by the time the
 * index was taken. A follower asks its leader. Sending of the rounds is sending.ts's business.
 */
import { quorumReachedOf } from './configuration.ts';
import { type Core, configurationInForce } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { ReadIndexResponse } from './message.ts';
import type { ReadOrigin } from './read-queue.ts';

export function queueReads(core: Core, ids: readonly number[]): void {
  for (const id of ids) core.reads.waiting.push({ type: 'local', id });
}

/** A follower's request; one that it has given up for a newer one is forgotten. */
export function queueRemoteRead(core: Core, from: NodeId, requestId: number): void {
  const { reads } = core;
  reads.waiting = reads.waiting.filter((origin) => origin.type === 'local' || origin.from !== from);
  reads.waiting.push({ type: 'remote', from, requestId });
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
    origins: reads.waiting,
  });
  reads.waiting = [];
  return true;
}

/** The newest round in which a quorum, this leader included, has still followed this leader. */
function confirmedReadRound(core: Core): number {
  return quorumReachedOf(configurationInForce(core), (voter) =>
    voter === core.id ? core.reads.round : (core.progress.get(voter)?.readRound ?? 0),
  );
}

/** Releases every read whose round a quorum has answered. Answers of earlier rounds are no proof:
 * since then a partition may have elected another leader, and a client would see a stale value. */
export function releaseConfirmedReads(core: Core): void {
  const { reads } = core;
  if (reads.unconfirmed.length === 0) return;
  const confirmedRound = confirmedReadRound(core);
  if (confirmedRound > reads.round) {
    const facts = { confirmedRound, round: reads.round, currentTerm: core.currentTerm };
    throw new InvariantError('no round is answered before it is asked', facts);
  }
  while (reads.unconfirmed[0] !== undefined && reads.unconfirmed[0].round <= confirmedRound) {
    const { origins, readIndex } = reads.unconfirmed[0];
    for (const origin of origins) answerRead(core, origin, readIndex);
    reads.unconfirmed.shift();
  }
}

function answerRead(core: Core, origin: ReadOrigin, readIndex: number | null): void {
  const { outbox } = core;
  if (origin.type === 'remote') {
    const { requestId } = origin;
    const response: ReadIndexResponse = {
      type: 'readIndexResponse',
      term: core.currentTerm,
      requestId,
      readIndex,
    };
    // A refusal may speak of a term that is not yet on disk; an index speaks of an older one.
    if (readIndex === null) outbox.sendAfterWrite(origin.from, response);
    else outbox.send(origin.from, response);
  } else if (readIndex === null) outbox.rejectedReads.push({ id: origin.id });
  else outbox.reads.push({ id: origin.id, readIndex });
}

/** A server that ceases to lead can confirm nothing: the client may ask the next leader. */
export function rejectPendingReads(core: Core): void {
  const { reads } = core;
  const origins = [...reads.unconfirmed.flatMap((batch) => batch.origins), ...reads.waiting];
  reads.unconfirmed = [];
  reads.waiting = [];
  for (const origin of origins) answerRead(core, origin, null);
}

/** A follower's reads: one request at a time is on its way, the others share the next. */
export function forwardReads(core: Core, ids: readonly number[]): void {
  if (core.leaderId === null) {
    for (const id of ids) core.outbox.rejectedReads.push({ id });
    return;
  }
  core.forwardedReads.waiting.push(...ids);
  maybeSendForwardedReads(core);
}

function maybeSendForwardedReads(core: Core): boolean {
  const { forwardedReads } = core;
  if (core.leaderId === null || forwardedReads.requests.length > 0) return false;
  if (forwardedReads.waiting.length === 0) return false;
  forwardedReads.retryTicks = 2 * core.options.heartbeatTimeoutTicks;
  forwardedReads.unansweredTicks = 0;
  sendReadIndexRequest(core, core.leaderId);
  return true;
}

/** For all that has no answer. Never the same id twice: the answer to a lost request may come after
 * all, and would be older than a read that has joined meanwhile. */
function sendReadIndexRequest(core: Core, leaderId: NodeId): void {
  const { forwardedReads, outbox } = core;
  const requestId = forwardedReads.nextRequestId++;
  const ids = [...(forwardedReads.requests.at(-1)?.ids ?? []), ...forwardedReads.waiting];
  forwardedReads.requests.push({ requestId, ids });
  forwardedReads.waiting = [];
  forwardedReads.silentTicks = 0;
  outbox.send(leaderId, {
    type: 'readIndexRequest',
    term: core.currentTerm,
    requestId,
  });
}

/** How many election timeouts a leader that is heard may owe an answer. */
const unansweredTimeoutsMax = 4;

/**
 * A request or its answer may be lost: all that waits is asked anew, each time after a longer
 * while, for where answers merely take long, more requests would not make them faster. A leader
 * that is heard and does not hear is not waited for without end: the reads may be asked elsewhere.
 */
export function stepForwardedReadsTick(core: Core): void {
  const { forwardedReads, leaderId } = core;
  const { electionTimeoutTicks } = core.options;
  if (forwardedReads.requests.length === 0 || leaderId === null) return;
  forwardedReads.unansweredTicks += 1;
  forwardedReads.silentTicks += 1;
  if (forwardedReads.unansweredTicks >= unansweredTimeoutsMax * electionTimeoutTicks) {
    rejectForwardedReads(core);
  } else if (forwardedReads.silentTicks >= forwardedReads.retryTicks) {
    forwardedReads.retryTicks = Math.min(2 * forwardedReads.retryTicks, electionTimeoutTicks);
    sendReadIndexRequest(core, leaderId);
  }
}

/**
 * Counts only as the answer of this term's leader to a request of this process. To an earlier one
 * it is good for the reads that were in it, and for no other: those were asked before it was taken.
 */
export function handleReadIndexResponse(
  core: Core,
  from: NodeId,
  message: ReadIndexResponse,
): void {
  const { forwardedReads, outbox } = core;
  if (message.term !== core.currentTerm || from !== core.leaderId) return;
  const answered = forwardedReads.requests.find(({ requestId }) => requestId === message.requestId);
  if (answered === undefined) return;
  for (const id of answered.ids) {
    if (message.readIndex === null) outbox.rejectedReads.push({ id });
    else outbox.reads.push({ id, readIndex: message.readIndex });
  }
  forwardedReads.unansweredTicks = 0;
  // Each later request begins with the reads of the earlier ones.
  forwardedReads.requests = forwardedReads.requests
    .filter(({ requestId }) => requestId > answered.requestId)
    .map(({ requestId, ids }) => ({ requestId, ids: ids.slice(answered.ids.length) }))
    .filter(({ ids }) => ids.length > 0);
  maybeSendForwardedReads(core);
}

/** The leader that was asked is not followed any more. */
export function rejectForwardedReads(core: Core): void {
  const { forwardedReads, outbox } = core;
  const ids = [...(forwardedReads.requests.at(-1)?.ids ?? []), ...forwardedReads.waiting];
  forwardedReads.requests = [];
  forwardedReads.waiting = [];
  for (const id of ids) outbox.rejectedReads.push({ id });
}
