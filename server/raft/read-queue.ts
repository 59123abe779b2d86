/**
 * The reads that a leader owes an answer, in the order in which they were asked.
 */

/** Reads that one round of answers confirms together. [Ongaro §6.4] */
interface ReadBatch {
  readonly round: number;
  readonly readIndex: number;
  readonly ids: readonly number[];
}

export interface ReadQueue {
  /** The newest round sent. It only grows, over all terms of this process: no id is used twice. */
  round: number;
  /** Not yet in a round. */
  waiting: number[];
  /** In a round that a quorum has not yet answered; rounds ascend. */
  unconfirmed: ReadBatch[];
}

export function createReadQueue(): ReadQueue {
  return { round: 0, waiting: [], unconfirmed: [] };
}
