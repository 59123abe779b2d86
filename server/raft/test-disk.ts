/**
 * A made-up disk of one server: hard state, log, snapshot files, and what a crash makes of them.
 *
 * It promises what storage/ promises: writes in their order, files whole or not at all, and at a
 * start a log that fits the snapshot. It never loses what it has called durable.
 */
import type { Entry, EntryId, HardState, SnapshotMeta } from './entry.ts';
import type { InstallSnapshot } from './message.ts';
import type { Recovered } from './options.ts';
import type { Write } from './ready.ts';
import type { Dice } from './test-random.ts';

/** A log as it is on disk, or as the core has told it. */
export class TestLog {
  base: EntryId;
  entries: Entry[];

  constructor(base: EntryId = { index: 0, term: 0 }, entries: readonly Entry[] = []) {
    this.base = base;
    this.entries = [...entries];
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  /** Null for what is not there. */
  termAt(index: number): number | null {
    if (index === this.base.index) return this.base.term;
    return this.entries[index - this.base.index - 1]?.term ?? null;
  }

  /** Returns the entries that are there no more. */
  take({ snapshot, entries }: Pick<Write, 'snapshot' | 'entries'>): readonly Entry[] {
    let removed: readonly Entry[] = [];
    if (snapshot !== null) {
      const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
      if (this.termAt(index) !== term) {
        removed = this.entries;
        this.base = { index, term };
        this.entries = [];
      }
    }
    const first = entries[0];
    if (first === undefined) return removed;
    const gone = this.entries.splice(first.index - this.base.index - 1);
    this.entries.push(...entries);
    return [...removed, ...gone];
  }
}

/** A snapshot as a file: the names of the entries that were applied, one after the other. */
export interface SnapshotFile {
  readonly meta: SnapshotMeta;
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

export function createSnapshotFile(meta: SnapshotMeta, applied: readonly string[]): SnapshotFile {
  const bytes = new TextEncoder().encode(JSON.stringify({ meta, applied }));
  return { meta, bytes, checksum: checksumOf(bytes) };
}

/** What was applied, as the file has it. */
export function appliedIn(file: SnapshotFile): string[] {
  const { applied }: { applied: string[] } = JSON.parse(new TextDecoder().decode(file.bytes));
  return applied;
}

function checksumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 16777619) >>> 0, 2166136261);
}

interface Partial {
  readonly name: string;
  bytes: readonly number[];
}

export class TestDisk {
  hardState: HardState = { currentTerm: 0, votedFor: null };
  readonly log: TestLog = new TestLog();
  /** The current one. */
  snapshot: SnapshotFile | null = null;
  /** Older ones that are still there. */
  superseded: SnapshotFile[] = [];
  /** Whole and good, not yet installed. */
  received: SnapshotFile[] = [];
  /** The log may be compacted up to here. */
  compactIndex = 0;
  #partial: Partial | null = null;

  /** Whether this entry, or a snapshot of what it did, is durable here. */
  holds({ index, term }: EntryId): boolean {
    if (index <= (this.snapshot?.meta.lastIncludedIndex ?? 0)) return true;
    return this.log.termAt(index) === term;
  }

  /** Returns the entries that are there no more. */
  write(write: Write): readonly Entry[] {
    if (write.snapshot !== null) this.install(write.snapshot.lastIncludedIndex);
    if (write.hardState !== null) this.hardState = write.hardState;
    return this.log.take(write);
  }

  /** The received file becomes the current one. */
  install(index: number): void {
    if (this.snapshot?.meta.lastIncludedIndex === index) return;
    this.adopt(this.receivedOf(index));
    this.received = this.received.filter(({ meta }) => meta.lastIncludedIndex > index);
  }

  /** A file of the own state, or of another's, is durable; an older one than the current is not
   * wanted any more. */
  adopt(file: SnapshotFile): void {
    const { snapshot } = this;
    if (snapshot !== null && file.meta.lastIncludedIndex <= snapshot.meta.lastIncludedIndex) return;
    if (snapshot !== null) this.superseded.push(snapshot);
    this.snapshot = file;
  }

  receivedOf(index: number): SnapshotFile {
    const file = this.received.find(({ meta }) => meta.lastIncludedIndex === index);
    if (file === undefined) throw new Error(`no file up to ${index} was received`);
    return file;
  }

  fileOf(index: number): SnapshotFile | undefined {
    const files = this.snapshot === null ? [] : [this.snapshot, ...this.superseded];
    return files.find(({ meta }) => meta.lastIncludedIndex === index);
  }

  /** Only what continues the file at hand is stored. */
  receive(chunk: InstallSnapshot): { nextOffset: number; complete: SnapshotMeta | null } {
    const { lastIncludedIndex, lastIncludedTerm, fileBytes, fileChecksum, offset, data } = chunk;
    const name = `${lastIncludedIndex}@${lastIncludedTerm}/${fileBytes}/${fileChecksum}`;
    if (this.#partial?.name !== name) {
      if (offset > 0) return { nextOffset: 0, complete: null };
      this.#partial = { name, bytes: [] };
    }
    const partial = this.#partial;
    if (partial.bytes.length === offset) partial.bytes = [...partial.bytes, ...data];
    const nextOffset = partial.bytes.length;
    if (nextOffset < fileBytes) return { nextOffset, complete: null };
    const bytes = Uint8Array.from(partial.bytes);
    if (checksumOf(bytes) !== fileChecksum) throw new Error(`the file ${name} is mixed up`);
    const { meta }: { meta: SnapshotMeta } = JSON.parse(new TextDecoder().decode(bytes));
    this.received = [{ meta, bytes, checksum: fileChecksum }, ...this.received.slice(0, 3)];
    return { nextOffset, complete: meta };
  }

  /** How far a file is that is not whole. */
  get partialBytes(): number {
    return this.#partial?.bytes.length ?? 0;
  }

  /** What a start finds: the log reconciled with the snapshot, and perhaps compacted. */
  recover(dice: Dice): Recovered {
    const snapshot = this.snapshot?.meta ?? null;
    if (snapshot !== null) {
      const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
      this.log.take({ snapshot, entries: [] });
      // The entries of the snapshot were never durable here, and so no vote of their term was.
      if (this.hardState.currentTerm < term) this.hardState = { currentTerm: term, votedFor: null };
      this.#compact(dice, index);
    }
    const { hardState, log } = this;
    return { hardState, snapshot, base: log.base, entries: [...log.entries] };
  }

  #compact(dice: Dice, snapshotIndex: number): void {
    const limit = Math.min(this.compactIndex, snapshotIndex, this.log.lastIndex);
    const { index } = this.log.base;
    if (limit <= index) return;
    const to = index + dice.below(limit - index + 1);
    const term = this.log.termAt(to) ?? 0;
    this.log.entries = this.log.entries.slice(to - index);
    this.log.base = { index: to, term };
  }
}
