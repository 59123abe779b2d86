/**
 * Writes that came in this turn, and the bounds of how many may wait for their answer at once.
 */
import type { ReplyTo } from './pending-proposals.ts';

export interface QueuedProposal {
  readonly data: Uint8Array;
  readonly reply: ReplyTo;
}

/** Of one input, so that no single write or message becomes enormous. */
const batchBytesMax = 4 * 1024 * 1024;
/** Of all that have no answer yet. */
const countMax = 16_384;
const bytesMax = 64 * 1024 * 1024;

export class ProposalQueue {
  #queued: QueuedProposal[] = [];
  #unansweredCount = 0;
  #unansweredBytes = 0;

  get count(): number {
    return this.#queued.length;
  }

  /** False when too much waits already: then nothing has happened, and nothing will. */
  add(data: Uint8Array, reply: ReplyTo): boolean {
    if (this.#unansweredCount >= countMax) return false;
    if (this.#unansweredBytes + data.length > bytesMax) return false;
    this.#unansweredCount += 1;
    this.#unansweredBytes += data.length;
    const answer: ReplyTo = (given) => {
      this.#unansweredCount -= 1;
      this.#unansweredBytes -= data.length;
      reply(given);
    };
    this.#queued.push({ data, reply: answer });
    return true;
  }

  /** The oldest, at least one. */
  takeBatch(): readonly QueuedProposal[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#queued) {
      if (count > 0 && bytes + data.length > batchBytesMax) break;
      bytes += data.length;
      count += 1;
    }
    if (count === this.#queued.length) return this.takeAll();
    return this.#queued.splice(0, count);
  }

  takeAll(): readonly QueuedProposal[] {
    const queued = this.#queued;
    this.#queued = [];
    return queued;
  }
}
