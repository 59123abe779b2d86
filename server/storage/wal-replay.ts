/**
 * Rebuilds what the server had promised from the writes in its log, and reconciles it with the
 * newest snapshot: between the two of them nothing may be missing.
 */
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import { LogOutline, type OutlineStart } from './wal-outline.ts';
import type { LoggedWrite, WalWrite } from './wal-record.ts';

export class WalReplay {
  readonly outline: LogOutline;
  #entries: Entry[] = [];

  constructor(start: OutlineStart) {
    this.outline = new LogOutline(start);
  }

  /** From the outline's base on, without a gap. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Throws ShapeError for what no server can have written. */
  take(write: LoggedWrite): void {
    const { outline } = this;
    const baseIndex = outline.base.index;
    outline.apply(write);
    const { base, lastEntry } = outline;
    const keptIndex = lastEntry.index - write.entries.length;
    if (base.index !== baseIndex) {
      this.#entries = this.#entries.slice(Math.max(0, base.index - baseIndex));
    }
    this.#entries.length = Math.max(0, Math.min(this.#entries.length, keptIndex - base.index));
    for (const entry of write.entries) {
      if (entry.index > base.index) this.#entries.push(entry);
    }
  }

  /**
   * Null when log and snapshot fit together. Else what the log on disk must be told, before
   * anything else is appended: that it begins behind the snapshot. This is so after a crash
   * between the installation of a leader's snapshot and the reset of the log, and when an own
   * snapshot was durable before the entries that it holds. Entries that conflict with the
   * snapshot's last one cannot be committed: it is. [Raft §7]
   */
  reconcile(snapshot: EntryId | null): WalWrite | null {
    if (snapshot === null) return null;
    const { outline } = this;
    if (outline.termAt(snapshot.index) === snapshot.term) return null;
    const { currentTerm } = outline.hardState;
    // No vote was given in a term that never was durable.
    const hardState: HardState | null =
      snapshot.term > currentTerm ? { currentTerm: snapshot.term, votedFor: null } : null;
    return { hardState, snapshot, entries: [] };
  }
}
