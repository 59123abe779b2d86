/**
 * The FIFO of durability: writes go to disk in their order, many at once, and what depends on them
 * is let go only afterwards. [Fig. 2]
 *
 * While one append runs, all that comes waits and makes up the next one (group commit). A write
 * with a snapshot begins a record of its own: first the snapshot is installed, then the log is
 * reset, so that a crash between the two leaves a snapshot that is ahead of its log, never a gap.
 * [Raft §7]
 */
import type { CrashPoints } from '../crash-points.ts';
import type { Envelope } from '../raft/message.ts';
import type { Write } from '../raft/ready.ts';
import type { DiskError, Done } from './disk.ts';
import { type DiskStep, runInOrder } from './disk-steps.ts';
import type { Wal } from './wal.ts';
import type { WalWrite } from './wal-record.ts';

export interface WriteQueueEvents {
  /** This write and all before it are durable. */
  written(writeId: number): void;
  /** These depended on writes that are durable now. */
  release(messages: readonly Envelope[]): void;
  /** Nothing waits and nothing runs any more. */
  drained(): void;
  /** The disk failed: nothing that waits will ever be durable. Called at most once. */
  failed(error: DiskError): void;
}

/** The part of the snapshot store that a write needs. */
export interface SnapshotInstaller {
  /** The received snapshot becomes the current one, durably. */
  install(lastIncludedIndex: number, done: Done): void;
}

interface Item {
  /** Null: only messages, which depend on the writes before them. */
  readonly write: Write | null;
  readonly messagesAfterWrite: readonly Envelope[];
}

/** So that a long queue does not become one enormous record. A single write may be larger. */
const recordBytesMax = 8 * 1024 * 1024;
const entryOverheadBytes = 32;

export class WriteQueue {
  readonly #wal: Wal;
  readonly #snapshots: SnapshotInstaller;
  readonly #events: WriteQueueEvents;
  readonly #crashPoints: CrashPoints;
  #waiting: Item[] = [];
  #writing = false;
  #marking = false;
  #failed = false;

  constructor(
    wal: Wal,
    snapshots: SnapshotInstaller,
    events: WriteQueueEvents,
    crashPoints: CrashPoints,
  ) {
    this.#wal = wal;
    this.#snapshots = snapshots;
    this.#events = events;
    this.#crashPoints = crashPoints;
  }

  /** An append runs. */
  get writing(): boolean {
    return this.#writing;
  }

  /** The disk may be closed. */
  get empty(): boolean {
    return !this.#writing && !this.#marking && this.#waiting.length === 0;
  }

  push(item: Item): void {
    if (this.#failed) return;
    if (item.write === null && !this.#writing && this.#waiting.length === 0) {
      this.#events.release(item.messagesAfterWrite);
      return;
    }
    this.#waiting.push(item);
  }

  /** Starts an append of what waits, unless one runs. */
  flush(): void {
    if (this.#writing || this.#failed || this.#waiting.length === 0) return;
    const batch = this.#takeBatch();
    const writes = batch.flatMap(({ write }) => (write === null ? [] : [write]));
    this.#writing = true;
    if (writes.length === 0) {
      this.#finish(batch);
      return;
    }
    runInOrder(this.#stepsOf(writes), (error) => {
      if (this.#failed) return;
      if (error === null) this.#finish(batch);
      else this.#fail(error);
    });
  }

  #stepsOf(writes: readonly Write[]): readonly DiskStep[] {
    const crashPoints = this.#crashPoints;
    const snapshot = writes[0]?.snapshot ?? null;
    const hasHardState = writes.some(({ hardState }) => hardState !== null);
    const steps: DiskStep[] = [];
    if (snapshot !== null) {
      steps.push(
        (done) => this.#snapshots.install(snapshot.lastIncludedIndex, done),
        (done) => {
          crashPoints.reach('snapshot.after-install-before-log-reset');
          done(null);
        },
      );
    }
    steps.push(
      (done) => {
        if (hasHardState) crashPoints.reach('wal.before-hard-state');
        this.#wal.append(writes.map(toWalWrite), done);
      },
      (done) => {
        if (hasHardState) crashPoints.reach('wal.after-hard-state');
        if (snapshot !== null) crashPoints.reach('snapshot.after-install');
        done(null);
      },
    );
    return steps;
  }

  /** `written` may add messages to the queue: they wait, so that these go before them. */
  #finish(batch: readonly Item[]): void {
    const lastWrite = batch.findLast(({ write }) => write !== null)?.write;
    if (lastWrite) this.#events.written(lastWrite.id);
    for (const { messagesAfterWrite } of batch) {
      if (messagesAfterWrite.length > 0) this.#events.release(messagesAfterWrite);
    }
    this.#writing = false;
    if (this.#waiting.length > 0) this.flush();
    else this.#mark();
  }

  /** Nothing waits: no next record will show soon that the last one is durable. */
  #mark(): void {
    if (this.#failed || this.#marking) return;
    this.#marking = true;
    this.#wal.mark((error) => {
      this.#marking = false;
      if (this.#failed) return;
      if (error !== null) this.#fail(error);
      else if (!this.empty) return;
      else if (this.#wal.unmarked) this.#mark();
      else this.#events.drained();
    });
  }

  /** A failed write is never tried again: what it left on disk is unknown. */
  #fail(error: DiskError): void {
    this.#writing = false;
    this.#failed = true;
    this.#waiting = [];
    this.#events.failed(error);
  }

  /** At least one item; a write with a snapshot only as the first. */
  #takeBatch(): readonly Item[] {
    let bytes = 0;
    let count = 0;
    for (const { write } of this.#waiting) {
      const size = write === null ? 0 : writeBytes(write);
      if (count > 0 && (bytes + size > recordBytesMax || write?.snapshot)) break;
      bytes += size;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function toWalWrite({ hardState, snapshot, entries }: Write): WalWrite {
  if (snapshot === null) return { hardState, snapshot, entries };
  const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
  return { hardState, snapshot: { index, term }, entries };
}

function writeBytes(write: Write): number {
  let bytes = entryOverheadBytes;
  for (const { data } of write.entries) bytes += entryOverheadBytes + data.length;
  return bytes;
}
