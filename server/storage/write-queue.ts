/**
 * The FIFO of durability: writes go to disk in their order, many at once, and what depends on them
 * is let go only afterwards. [Fig. 2]
 *
 * While one append runs, all that comes waits and makes up the next one (group commit).
 */
import type { Envelope } from '../raft/message.ts';
import type { Write } from '../raft/ready.ts';
import type { DiskError } from './disk.ts';
import type { Wal } from './wal.ts';

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
  readonly #events: WriteQueueEvents;
  #waiting: Item[] = [];
  #writing = false;
  #failed = false;

  constructor(wal: Wal, events: WriteQueueEvents) {
    this.#wal = wal;
    this.#events = events;
  }

  /** An append runs. */
  get writing(): boolean {
    return this.#writing;
  }

  get empty(): boolean {
    return !this.#writing && this.#waiting.length === 0;
  }

  push(item: Item): void {
    if (this.#failed) return;
    if (item.write === null && this.empty) {
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
    this.#wal.append(writes, (error) => {
      if (error === null) this.#finish(batch);
      else this.#fail(error);
    });
  }

  /** `written` may add messages to the queue: they wait, so that these go before them. */
  #finish(batch: readonly Item[]): void {
    const lastWrite = batch.findLast(({ write }) => write !== null)?.write;
    if (lastWrite) this.#events.written(lastWrite.id);
    for (const { messagesAfterWrite } of batch) {
      if (messagesAfterWrite.length > 0) this.#events.release(messagesAfterWrite);
    }
    this.#writing = false;
    this.flush();
    if (this.empty) this.#events.drained();
  }

  /** A failed write is never tried again: what it left on disk is unknown. */
  #fail(error: DiskError): void {
    this.#writing = false;
    this.#failed = true;
    this.#waiting = [];
    this.#events.failed(error);
  }

  /** At least one item. */
  #takeBatch(): readonly Item[] {
    let bytes = 0;
    let count = 0;
    for (const { write } of this.#waiting) {
      const size = write === null ? 0 : writeBytes(write);
      if (count > 0 && bytes + size > recordBytesMax) break;
      bytes += size;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function writeBytes(write: Write): number {
  let bytes = entryOverheadBytes;
  for (const { data } of write.entries) bytes += entryOverheadBytes + data.length;
  return bytes;
}
