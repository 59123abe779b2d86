/**
 * The snapshots of a node: the current one, the ones before it that others still read, and the ones
 * that come in from a leader. [Raft §7]
 *
 * A snapshot becomes current only when it is whole, synced, and its name durable: until then the
 * log that it replaces stays. Once it is, nothing ever falls back to an older one.
 */
import type { Host } from '../host.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import type { InstallSnapshot } from '../raft/message.ts';
import { DiskError, type Done } from './disk.ts';
import { type DiskStep, runInOrder } from './disk-steps.ts';
import { removeUnneeded, SnapshotFile } from './snapshot-file.ts';
import {
  isTemporarySnapshotFile,
  parseSnapshotFileName,
  snapshotFileName,
  temporaryFileName,
} from './snapshot-format.ts';
import { type ReceiveDone, SnapshotReceiver } from './snapshot-receiver.ts';
import { readOutline, type ScanError, scan, scanSync } from './snapshot-scan.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** A whole snapshot file. Index, term, length and checksum name it, everywhere. */
export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly fileBytes: number;
  readonly fileChecksum: number;
}

/** The state, in pieces of 256 KiB or so. */
export interface SnapshotSource {
  /** Null: that was all. */
  next(): Uint8Array | null;
}

export interface SnapshotSink {
  /**
   * Pieces may be cut elsewhere than the source cut them. They are a view of a larger buffer: what
   * is kept must be copied. Throws ShapeError.
   */
  push(piece: Uint8Array): void;
}

type SnapshotHost = Pick<Host, 'disk' | 'timers' | 'crashPoints' | 'log'>;

export interface RecoveredSnapshots {
  readonly store: SnapshotStore;
  /** Removes what is left over and makes names durable. Nothing may be asked before it is done. */
  repair(done: Done): void;
}

/**
 * Finds the newest snapshot; `loadSync` verifies it. Half a snapshot that came from a leader is
 * dropped. Synchronous. Throws DiskError, and SnapshotCorruptionError when the newest is damaged:
 * an older one is no substitute, since the log between them may be gone.
 */
export function recoverSnapshots(host: SnapshotHost): RecoveredSnapshots {
  const { disk } = host;
  const files = disk.list();
  const whole = files.filter((file) => parseSnapshotFileName(file) !== null).sort();
  const newest = whole.pop();
  const current =
    newest === undefined ? null : new SnapshotFile(disk, newest, readOutline(disk, newest));
  const store = new SnapshotStore(host, current);
  const temporary = files.filter(isTemporarySnapshotFile);
  const repair = (done: Done): void => {
    // Older ones go only when the newest was read and found good.
    const leftovers = store.verified ? [...temporary, ...whole] : temporary;
    const steps = leftovers.map(
      (file): DiskStep =>
        (stepDone) =>
          disk.remove(file, stepDone),
    );
    // It may have been read from memory, and its name too: a power loss would still take them.
    if (newest !== undefined) steps.unshift((stepDone) => disk.sync(newest, stepDone));
    steps.push((stepDone) => disk.syncDirectory(stepDone));
    runInOrder(steps, done);
  };
  return { store, repair };
}

/** Calls of `dropUnused` after which nobody is thought to read a superseded file any more. */
const unreadCallsMax = 10;
/** Of one chunk. */
const chunkBytesMax = 4 * 1024 * 1024;

export class SnapshotStore {
  readonly #host: SnapshotHost;
  readonly #receiver: SnapshotReceiver;
  #current: SnapshotFile | null;
  #superseded: SnapshotFile[] = [];
  #writer: SnapshotWriter | null = null;
  /** They wait for the one that is being published; the first is it. */
  readonly #publications: ((finished: () => void) => void)[] = [];
  #writeCount = 0;
  #verified = false;

  constructor(host: SnapshotHost, current: SnapshotFile | null) {
    this.#host = host;
    this.#current = current;
    this.#receiver = new SnapshotReceiver(host, () => this.#currentIndex);
  }

  /** The newest durable one. */
  get current(): StoredSnapshot | null {
    return this.#current?.stored ?? null;
  }

  /** The current one, or an earlier one that can still be read: for the head of a chunk. */
  find(lastIncludedIndex: number): StoredSnapshot | null {
    return this.#find(lastIncludedIndex)?.stored ?? null;
  }

  /** `loadSync` has found nothing wrong. */
  get verified(): boolean {
    return this.#verified;
  }

  /**
   * The current one, at a start. Throws DiskError, and SnapshotCorruptionError: what the sink has
   * been given by then is worth nothing.
   */
  loadSync(sink: SnapshotSink): void {
    const file = this.#current;
    if (file === null) throw new InvariantError('there is a snapshot to load', { current: 0 });
    const { disk } = this.#host;
    scanSync(disk, file.name, sink);
    this.#verified = true;
  }

  /** A write runs. */
  get writing(): boolean {
    return this.#writer !== null;
  }

  /**
   * A piece a turn; one write at a time. `written` is false when it was abandoned, or when one of
   * that index or a later one is current by then.
   */
  write(
    meta: SnapshotMeta,
    source: SnapshotSource,
    done: (error: DiskError | null, written: boolean) => void,
  ): void {
    if (this.#writer !== null) {
      throw new InvariantError('one snapshot is written at a time', {
        running: this.#writer.meta.lastIncludedIndex,
        asked: meta.lastIncludedIndex,
      });
    }
    const { timers, crashPoints } = this.#host;
    if (meta.lastIncludedIndex <= this.#currentIndex) {
      timers.after(0, () => done(null, false));
      return;
    }
    crashPoints.reach('snapshot.before-write');
    this.#writeCount += 1;
    const file = temporaryFileName(meta, 'writing', this.#writeCount);
    this.#writer = new SnapshotWriter(this.#host, { file, meta, source }, (error, stored) => {
      if (error !== null || stored === null) {
        this.#writer = null;
        done(error, false);
        return;
      }
      this.#publishWritten(new SnapshotFile(this.#host.disk, file, stored), done);
    });
    this.#writer.start();
  }

  /** Its `done` is called in any case. */
  abandonWrite(): void {
    this.#writer?.abandon();
  }

  #publishWritten(
    file: SnapshotFile,
    done: (error: DiskError | null, written: boolean) => void,
  ): void {
    this.#host.crashPoints.reach('snapshot.after-fsync-before-rename');
    this.#inTurn((finished) => {
      if (file.lastIncludedIndex <= this.#currentIndex) {
        this.#writer = null;
        file.remove((error) => done(error, false));
        finished();
        return;
      }
      this.#publish(file, (error) => {
        this.#writer = null;
        done(error, error === null);
        finished();
      });
    });
  }

  /**
   * Bytes of the file of this snapshot, fewer at its end; null when it is there no more. The error
   * is a DiskError.
   */
  readChunk(
    lastIncludedIndex: number,
    { offset, length }: { readonly offset: number; readonly length: number },
    done: (error: DiskError | null, bytes: Uint8Array | null) => void,
  ): void {
    const file = this.#find(lastIncludedIndex);
    const { timers } = this.#host;
    if (file === null) {
      timers.after(0, () => done(null, null));
      return;
    }
    const wanted = Math.min(length, chunkBytesMax, file.stored.fileBytes - offset);
    if (wanted <= 0) {
      timers.after(0, () => done(null, new Uint8Array(0)));
      return;
    }
    file.read(offset, wanted, (error, bytes) => {
      if (error !== null) done(error, null);
      else if (bytes.length < wanted) done(endsEarly(file.name), null);
      else done(null, bytes);
    });
  }

  /** A chunk from a leader. See SnapshotReceiver for what becomes of it. */
  receive(chunk: InstallSnapshot, done: ReceiveDone): void {
    this.#receiver.receive(chunk, done);
  }

  /**
   * The received one becomes the current one, durably; `done` without an error too when a later
   * one is current already.
   */
  install(lastIncludedIndex: number, done: Done): void {
    if (lastIncludedIndex <= this.#currentIndex) {
      this.#host.timers.after(0, () => done(null));
      return;
    }
    const file = this.#receiver.find(lastIncludedIndex);
    if (file === null) {
      throw new InvariantError('what is installed was received', {
        lastIncludedIndex,
        currentIndex: this.#currentIndex,
      });
    }
    // It is about to be loaded.
    file.unreadCalls = 0;
    this.#inTurn((finished) => {
      if (lastIncludedIndex <= this.#currentIndex) {
        done(null);
        finished();
        return;
      }
      this.#publish(file, (error) => {
        this.#receiver.release(file);
        const running = this.#writer?.meta.lastIncludedIndex ?? Number.POSITIVE_INFINITY;
        if (running <= lastIncludedIndex) this.abandonWrite();
        done(error);
        finished();
      });
    });
  }

  /**
   * One is published after the other. An own snapshot and a leader's of the same index have the
   * same name: were both on their way to it, one would in the end be removed for the other's sake.
   */
  #inTurn(publication: (finished: () => void) => void): void {
    this.#publications.push(publication);
    if (this.#publications.length === 1) this.#publishNext();
  }

  #publishNext(): void {
    this.#publications[0]?.(() => {
      this.#publications.shift();
      this.#publishNext();
    });
  }

  /** The received or installed one, from the disk, a window a turn. Errors as in `loadSync`. */
  load(
    lastIncludedIndex: number,
    sink: SnapshotSink,
    done: (error: ScanError | null) => void,
  ): void {
    const file = this.#find(lastIncludedIndex) ?? this.#receiver.find(lastIncludedIndex);
    if (file === null) {
      throw new InvariantError('what is loaded was received', {
        lastIncludedIndex,
        currentIndex: this.#currentIndex,
      });
    }
    file.loadCount += 1;
    scan({ file, sink, timers: this.#host.timers }, (error) => {
      file.loadCount -= 1;
      done(error);
    });
  }

  /** To be called now and then, about once a second: files that nobody reads any more go. */
  dropUnused(): void {
    if (this.#current !== null) this.#current.unreadCalls += 1;
    for (const file of this.#superseded) file.unreadCalls += 1;
    this.#dropUnread();
    this.#receiver.dropUseless();
  }

  get #currentIndex(): number {
    return this.#current?.lastIncludedIndex ?? 0;
  }

  #find(lastIncludedIndex: number): SnapshotFile | null {
    const files = this.#current === null ? this.#superseded : [this.#current, ...this.#superseded];
    return files.find((file) => file.lastIncludedIndex === lastIncludedIndex) ?? null;
  }

  /** The name, and then its durability: only now may anything depend on it. */
  #publish(file: SnapshotFile, done: Done): void {
    const { disk, crashPoints } = this.#host;
    file.rename(snapshotFileName(file.stored.meta), (error) => {
      if (error !== null) {
        done(error);
        return;
      }
      crashPoints.reach('snapshot.after-rename-before-directory-fsync');
      disk.syncDirectory((syncError) => {
        if (syncError === null) this.#adopt(file);
        done(syncError);
      });
    });
  }

  #adopt(file: SnapshotFile): void {
    const before = this.#current;
    if (before !== null && before.lastIncludedIndex > file.lastIncludedIndex) {
      this.#superseded.push(file);
    } else {
      this.#current = file;
      if (before !== null) this.#superseded.push(before);
    }
    this.#dropUnread();
  }

  #dropUnread(): void {
    const unread = this.#superseded.filter(
      ({ unreadCalls, loadCount }) => unreadCalls >= unreadCallsMax && loadCount === 0,
    );
    this.#superseded = this.#superseded.filter((file) => !unread.includes(file));
    for (const file of unread) removeUnneeded(file, this.#host.log);
  }
}

function endsEarly(file: string): DiskError {
  return new DiskError('EIO', file, 'the file has become shorter than it was');
}
