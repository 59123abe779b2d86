/**
 * What a leader knows about one follower, and how fast it may send. [Ongaro §10.2.2]
 *
 * `probe`: where the logs agree is unknown, one message at a time looks for it.
 * `replicate`: known; messages leave before the earlier ones are answered, within a window.
 * `snapshot`: what the follower lacks is compacted; it gets a snapshot, chunk by chunk. [Raft §7]
 */
import type { EntryId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';

export interface Window {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

interface InflightMessage {
  readonly lastIndex: number;
  readonly bytes: number;
}

interface SnapshotTransfer {
  readonly snapshot: EntryId;
  offset: number;
  /** Since the chunk at `offset` was last asked for. */
  silentTicks: number;
}

export class Progress {
  /**
   * Which time this leader replicates to this server. A server that was removed and added again
   * gets another one: answers to the messages of before, which the new log need not match, would
   * else move its match index.
   */
  readonly replicationId: number;
  /** Known to be equal to the leader's log and durable at the follower; never falls. [Fig. 2] */
  #matchIndex = 0;
  #nextIndex: number;
  #mode: 'probe' | 'replicate' | 'snapshot' = 'probe';
  #probeOutstanding = false;
  #inflight: InflightMessage[] = [];
  #inflightBytes = 0;
  #transfer: SnapshotTransfer | null = null;
  #readRound = 0;
  #recentlyActive = true;
  /** When takeRecentlyActive was last called. */
  #wasActive = true;
  readonly #window: Window;

  constructor(nextIndex: number, replicationId: number, window: Window) {
    this.#nextIndex = nextIndex;
    this.replicationId = replicationId;
    this.#window = window;
  }

  get matchIndex(): number {
    return this.#matchIndex;
  }

  get nextIndex(): number {
    return this.#nextIndex;
  }

  get mode(): 'probe' | 'replicate' | 'snapshot' {
    return this.#mode;
  }

  get inflightCount(): number {
    return this.#inflight.length;
  }

  /** The newest read round that the follower has answered in this term. */
  get readRound(): number {
    return this.#readRound;
  }

  /** The snapshot that is being sent; null in the other modes. */
  get snapshot(): EntryId | null {
    return this.#transfer?.snapshot ?? null;
  }

  get snapshotOffset(): number {
    return this.#transfer?.offset ?? 0;
  }

  canSendEntries(): boolean {
    if (this.#mode === 'snapshot') return false;
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

  /** Whether it answered since takeRecentlyActive, or between that and the time before: right after
   * it nobody has had the time to answer. */
  get recentlyActive(): boolean {
    return this.#recentlyActive || this.#wasActive;
  }

  /** Whether it answered since this was last asked; asking forgets. [Ongaro §6.2] */
  takeRecentlyActive(): boolean {
    const active = this.#recentlyActive;
    this.#wasActive = active;
    this.#recentlyActive = false;
    return active;
  }

  /** The logs agree up to `matchIndex`. Returns whether that is news; late answers are not. */
  maybeMatch(matchIndex: number): boolean {
    if (this.#leavesProbing(matchIndex)) {
      this.#mode = 'replicate';
      this.#probeOutstanding = false;
      this.#transfer = null;
      this.#nextIndex = Math.max(matchIndex, this.#matchIndex) + 1;
    }
    this.#forgetInflightUpTo(matchIndex);
    if (matchIndex <= this.#matchIndex) return false;
    this.#matchIndex = matchIndex;
    this.#nextIndex = Math.max(this.#nextIndex, matchIndex + 1);
    return true;
  }

  #leavesProbing(matchIndex: number): boolean {
    if (this.#mode === 'probe') return matchIndex >= this.#nextIndex - 1;
    return this.#transfer !== null && matchIndex >= this.#transfer.snapshot.index;
  }

  /**
   * A message was refused: look for the agreement from `nextIndex` on. Returns false for an
   * answer to a message of the past, which says nothing about the ones that followed it.
   */
  maybeBacktrack(nextIndex: number): boolean {
    if (this.#mode === 'snapshot') return false;
    if (nextIndex <= this.#matchIndex || nextIndex >= this.#nextIndex) return false;
    this.#mode = 'probe';
    this.#probeOutstanding = false;
    this.#nextIndex = nextIndex;
    this.#inflight = [];
    this.#inflightBytes = 0;
    return true;
  }

  /** What it needs next is compacted: it gets this snapshot, from its beginning. */
  becomeSnapshot(snapshot: EntryId): void {
    if (snapshot.index < this.#matchIndex) {
      const facts = { snapshotIndex: snapshot.index, matchIndex: this.#matchIndex };
      throw new InvariantError('a snapshot brings a follower forward', facts);
    }
    this.#mode = 'snapshot';
    this.#transfer = { snapshot, offset: 0, silentTicks: 0 };
    this.#inflight = [];
    this.#inflightBytes = 0;
    this.#probeOutstanding = false;
  }

  /** The follower wants the chunk at this offset next. Returns false when that is no news. */
  maybeContinueSnapshot(snapshotIndex: number, offset: number): boolean {
    if (this.#transfer === null || this.#transfer.snapshot.index !== snapshotIndex) return false;
    this.#transfer.silentTicks = 0;
    if (this.#transfer.offset === offset) return false;
    this.#transfer.offset = offset;
    return true;
  }

  /** Time has passed; true when the chunk is to be asked for again. */
  passSnapshotTicks(ticks: number, silentTicksMax: number): boolean {
    if (this.#transfer === null) return false;
    this.#transfer.silentTicks += ticks;
    if (this.#transfer.silentTicks < silentTicksMax) return false;
    this.#transfer.silentTicks = 0;
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
