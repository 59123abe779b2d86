/**
 * One whole snapshot file, under whatever name it has just now.
 *
 * A file is renamed or removed only while nobody reads it, and reads wait meanwhile: a disk may
 * close what it renames, and a read that is under way would then come from another file.
 */
import type { Log } from '../host.ts';
import type { Disk, DiskError, Done } from './disk.ts';
import type { StoredSnapshot } from './snapshot-store.ts';

type ReadDone = (error: DiskError | null, bytes: Uint8Array) => void;

export class SnapshotFile {
  readonly stored: StoredSnapshot;
  /** How often `dropUnused` was called since it was last read. */
  unreadCalls: number = Number.POSITIVE_INFINITY;
  /** It is being loaded: it must not be removed. */
  loadCount = 0;
  readonly #disk: Disk;
  #name: string;
  #readCount = 0;
  #changing = false;
  /** A change that waits for the reads under way to end. */
  #change: (() => void) | null = null;
  #waitingReads: (() => void)[] = [];

  constructor(disk: Disk, name: string, stored: StoredSnapshot) {
    this.#disk = disk;
    this.#name = name;
    this.stored = stored;
  }

  get name(): string {
    return this.#name;
  }

  get lastIncludedIndex(): number {
    return this.stored.meta.lastIncludedIndex;
  }

  read(offset: number, length: number, done: ReadDone): void {
    this.unreadCalls = 0;
    if (this.#changing) {
      this.#waitingReads.push(() => this.read(offset, length, done));
      return;
    }
    this.#readCount += 1;
    this.#disk.read(this.#name, offset, length, (error, bytes) => {
      this.#readCount -= 1;
      this.#maybeChange();
      done(error, bytes);
    });
  }

  rename(to: string, done: Done): void {
    this.#startChange(() => {
      this.#disk.rename(this.#name, to, (error) => {
        if (error === null) this.#name = to;
        this.#endChange();
        done(error);
      });
    });
  }

  remove(done: Done): void {
    this.#startChange(() => {
      this.#disk.remove(this.#name, (error) => {
        this.#endChange();
        done(error);
      });
    });
  }

  /** One at a time: who owns the file asks for no second before the first is done. */
  #startChange(change: () => void): void {
    this.#changing = true;
    this.#change = change;
    this.#maybeChange();
  }

  #maybeChange(): void {
    const change = this.#change;
    if (change === null || this.#readCount > 0) return;
    this.#change = null;
    change();
  }

  #endChange(): void {
    this.#changing = false;
    const waiting = this.#waitingReads;
    this.#waitingReads = [];
    for (const read of waiting) read();
  }
}

/** A file that is left behind does no harm: the next start finds it. */
export function removeUnneeded(file: SnapshotFile, log: Log): void {
  file.remove((error) => {
    if (error === null) return;
    log.event('warn', 'snapshot-not-removed', { file: file.name, error: error.message });
  });
}
