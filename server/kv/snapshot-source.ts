/**
 * Writes the state as it was at one index, piece by piece, while it goes on changing.
 *
 * Nothing is copied at the start. What changes before the walk has come to it is frozen first: it
 * takes memory for as many values as change meanwhile (their old bytes live on), for each list the
 * chunks that change, for each set the members that go; never more than the state of the start.
 */
import { InvariantError } from '../raft/invariant-error.ts';
import type { Lanes } from './byte-hash.ts';
import { type Frozen, type SnapshotEpoch, tags } from './frozen.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import type { SessionLimits } from './sessions.ts';

export const snapshotVersion = 1;
const pieceBytesMax = 256 * 1024;
/** Bounds the time of one call where the values are small. */
export const defaultStepsPerPiece: number = 2048;

/** A part of the state machine that can be walked over. */
interface FrozenWalk {
  nextFrozen(): Frozen | null | 'end';
}

export interface SnapshotHead {
  readonly appliedIndex: number;
  readonly limits: SessionLimits;
  readonly keyCount: number;
  readonly sessionCount: number;
  readonly hash: Readonly<Lanes>;
  /** How many items are looked at in one call, at most. */
  readonly stepsPerPiece: number;
}

/** In the order in which they lie in a snapshot. */
export function limitNumbers(limits: SessionLimits): readonly number[] {
  return [
    limits.sessionsMax,
    limits.idleEntriesMax,
    limits.repliesPerSessionMax,
    limits.replyBytesPerSessionMax,
    limits.replyBytesMax,
  ];
}

export class StateSnapshotSource {
  readonly #writer = new MsgpackWriter();
  readonly #head: SnapshotHead;
  readonly #snapshots: SnapshotEpoch;
  readonly #epoch: number;
  /** What is still to be walked over. */
  readonly #walks: FrozenWalk[];
  #frozen: Frozen | null = null;
  #ended = false;

  constructor(head: SnapshotHead, snapshots: SnapshotEpoch, walks: readonly FrozenWalk[]) {
    this.#head = head;
    this.#snapshots = snapshots;
    this.#epoch = snapshots.current;
    this.#walks = [...walks];
    this.#writer.uint(tags.header);
    this.#writer.uint(snapshotVersion);
    this.#writer.uint(head.appliedIndex);
    for (const number of limitNumbers(head.limits)) this.#writer.uint(number);
  }

  /** Null at the end. Never an empty piece. */
  next(): Uint8Array | null {
    for (let step = 0; step < this.#head.stepsPerPiece && !this.#ended; step += 1) {
      if (this.#writer.length >= pieceBytesMax) break;
      this.#step();
    }
    if (this.#writer.length === 0) {
      if (this.#ended) return null;
      this.#writer.uint(tags.filler);
    }
    return this.#writer.takeFirst(pieceBytesMax);
  }

  #step(): void {
    if (this.#epoch !== this.#snapshots.current) {
      throw new InvariantError('a snapshot is not read on after a newer one has begun', {
        epoch: this.#epoch,
        current: this.#snapshots.current,
        appliedIndex: this.#head.appliedIndex,
      });
    }
    if (this.#frozen !== null) {
      if (!this.#frozen.writeNext(this.#writer)) this.#frozen = null;
      return;
    }
    const next = this.#walks[0]?.nextFrozen();
    if (next === undefined) this.#end();
    else if (next === 'end') this.#walks.shift();
    else this.#frozen = next;
  }

  #end(): void {
    this.#ended = true;
    this.#snapshots.running = false;
    const { keyCount, sessionCount, hash } = this.#head;
    this.#writer.uint(tags.trailer);
    for (const number of [keyCount, sessionCount, hash.a >>> 0, hash.b >>> 0]) {
      this.#writer.uint(number);
    }
  }
}
