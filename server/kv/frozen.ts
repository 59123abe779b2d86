/**
 * Copy on write: how a value is written into a snapshot as it was while it goes on changing.
 *
 * An epoch counts snapshots. Whatever carries an older epoch than the running snapshot's is as it
 * was when that began, and has to be frozen before it changes.
 */
import type { MsgpackWriter } from './msgpack-writer.ts';

/** A part of the state as it was when the snapshot began. */
export interface Frozen {
  /** Writes one item; true while there are more. Bounded work: an item is one element. */
  writeNext(writer: MsgpackWriter): boolean;
}

export class SnapshotEpoch {
  /** 0 before the first snapshot. */
  current = 0;
  /** Whether the snapshot of this epoch still has something to visit. */
  running = false;
}

// These numbers lie in snapshots on disk: they may be added to, and never change their meaning.
export const tags = {
  /** Nothing: a call that found only what needs no writing. */
  filler: 0,
  header: 1,
  string: 2,
  list: 3,
  set: 4,
  session: 5,
  trailer: 6,
} as const;
