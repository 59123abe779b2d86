/**
 * What a leader knows about one follower, and how fast it may send. [Ongaro §10.2.2]
 *
 * `probe`: where the logs agree is unknown, one message at a time looks for it.
 * `replicate`: known; messages leave before the earlier ones are answered, within a window.
 */
import { InvariantError } from './invariant-error.ts';

export interface Window {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

interface InflightMessage {
  readonly lastIndex: number;
  readonly bytes: number;
}

export class Progress {
  /** Known to be equal to the leader's log and durable at the follower; never falls. [Fig. 2] */
  #matchIndex = 0;
  #nextIndex: number;
  #mode: 'probe' | 'replicate' = 'probe';
  #probeOutstanding = false;
  #inflight: InflightMessage[] = [];
  #inflightBytes = 0;
  #readRound = 0;
  #recentlyActive = true;
  readonly #window: Window;

  constructor(nextIndex: number, window: Window) {
    this.#nextIndex = nextIndex;
    this.#window = window;
  }

  get matchIndex(): number {
    return this.#matchIndex;
  }

  get nextIndex(): number {
    return this.#nextIndex;
  }

  get mode(): 'probe' | 'replicate' {
    return this.#mode;
  }

  get inflightCount(): number {
    return this.#inflight.length;
  }

  /** The newest read round that the follower has answered in this term. */
  get readRound(): number {
    return this.#readRound;
  }

  canSendEntries(): boolean {
    if (this.#mode === 'probe') return !this.#probeOutstanding;
    const { maxInflightMessages, maxInflightBytes } = this.#window;
    return this.#inflight.length < maxInflightMessages && this.#inflightBytes < maxInflightBytes;
  }

  /** A message with entries up to `lastIndex` is on its way. */
  sentEntries(lastIndex: number, bytes: number): void {
    if (!this.canSendEntries() || lastIndex < this.#nextIndex) {
      throw new InvariantError('entries leave only within the window', {
        lastIndex,
        nextIndex: this.#nextIndex,
        mode: this.#mode,
        inflightCount: this.#inflight.length,
        inflightBytes: this.#inflightBytes,
      });
    }
    if (this.#mode === 'probe') {
      this.#probeOutstanding = true;
      return;
    }
    this.#nextIndex = lastIndex + 1;
    this.#inflight.push({ lastIndex, bytes });
    this.#inflightBytes += bytes;
  }

  /** The follower has answered in the leader's term, whatever the answer. */
  heard(readRound: number): void {
    this.#recentlyActive = true;
    this.#readRound = Math.max(this.#readRound, readRound);
  }

  /** Whether it answered since this was last asked; asking forgets. [Ongaro §6.2] */
  takeRecentlyActive(): boolean {
    const active = this.#recentlyActive;
    this.#recentlyActive = false;
    return active;
  }

  /** The logs agree up to `matchIndex`. Returns whether that is news; late answers are not. */
  maybeMatch(matchIndex: number): boolean {
    if (this.#mode === 'probe' && matchIndex >= this.#nextIndex - 1) {
      this.#mode = 'replicate';
      this.#probeOutstanding = false;
      this.#nextIndex = matchIndex + 1;
    }
    this.#forgetInflightUpTo(matchIndex);
    if (matchIndex <= this.#matchIndex) return false;
    this.#matchIndex = matchIndex;
    this.#nextIndex = Math.max(this.#nextIndex, matchIndex + 1);
    return true;
  }

  /**
   * A message was refused: look for the agreement from `nextIndex` on. Returns false for an
   * answer to a message of the past, which says nothing about the ones that followed it.
   */
  maybeBacktrack(nextIndex: number): boolean {
    if (nextIndex <= this.#matchIndex || nextIndex >= this.#nextIndex) return false;
    this.#mode = 'probe';
    this.#probeOutstanding = false;
    this.#nextIndex = nextIndex;
    this.#inflight = [];
    this.#inflightBytes = 0;
    return true;
  }

  #forgetInflightUpTo(matchIndex: number): void {
    let count = 0;
    for (const message of this.#inflight) {
      if (message.lastIndex > matchIndex) break;
      this.#inflightBytes -= message.bytes;
      count += 1;
    }
    if (count > 0) this.#inflight.splice(0, count);
  }
}
