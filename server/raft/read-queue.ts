/**
 * Reads on their way to a read index: those that a leader owes an answer, its own and those that
 * followers sent, and those that this server has sent to its leader. [Ongaro §6.4]
 */
import type { NodeId } from './entry.ts';

export type ReadOrigin =
  | { readonly type: 'local'; readonly id: number }
  | { readonly type: 'remote'; readonly from: NodeId; readonly requestId: number };

/** Reads that one round of answers confirms together. [Ongaro §6.4] */
interface ReadBatch {
  readonly round: number;
  readonly readIndex: number;
  readonly origins: readonly ReadOrigin[];
}

export interface ReadQueue {
  /** The newest round sent. It only grows, over all terms of this process: no id is used twice. */
  round: number;
  /** Not yet in a round. */
  waiting: ReadOrigin[];
  /** In a round that a quorum has not yet answered; rounds ascend. */
  unconfirmed: ReadBatch[];
}

export function createReadQueue(): ReadQueue {
  return { round: 0, waiting: [], unconfirmed: [] };
}

/** Asked of the leader and not answered; a later one holds the reads of the earlier ones too. */
export interface ForwardedRequest {
  readonly requestId: number;
  readonly ids: readonly number[];
}

/** What a follower has asked of its leader. One request at a time, unless no answer comes. */
export interface ForwardedReads {
  nextRequestId: number;
  requests: ForwardedRequest[];
  /** Since the newest request left, and after how many it is sent anew. */
  silentTicks: number;
  retryTicks: number;
  /** Since the first request that has no answer, or the last answer. */
  unansweredTicks: number;
  /** They share the next request. */
  waiting: number[];
}

/**
 * Request ids begin at a random place for each process: an answer to a request of an earlier
 * incarnation, which is still under way, would else confirm a later read with an old index.
 */
export function createForwardedReads(random: () => number): ForwardedReads {
  const nextRequestId = Math.floor(random() * 2 ** 32) * 2 ** 20 + 1;
  return {
    nextRequestId,
    requests: [],
    silentTicks: 0,
    retryTicks: 0,
    unansweredTicks: 0,
    waiting: [],
  };
}
