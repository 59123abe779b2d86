/**
 * The driver's part in snapshots: when one is taken, chunks that leave and chunks that come.
 *
 * What they mean for log and configuration is the core's business, the files are the store's.
 */
import type { Host } from './host.ts';
import type { NodeId, SnapshotMeta } from './raft/entry.ts';
import type { InstallSnapshot } from './raft/message.ts';
import type { ChunkRequest, Input } from './raft/ready.ts';
import type { SnapshotSource, SnapshotStore } from './storage/snapshot-store.ts';

export interface SnapshotsEvents {
  step(input: Input): void;
  /** A snapshot that this node has taken is durable, and the core knows. */
  taken(snapshot: SnapshotMeta): void;
  failed(error: Error): void;
}

interface SnapshotsParts {
  readonly id: NodeId;
  readonly store: SnapshotStore;
  readonly chunkBytes?: number | undefined;
}

/** Of one installSnapshot, unless told otherwise. */
const chunkBytesDefault = 256 * 1024;
/** Bytes of log that are worth a snapshot, however few entries they are; unless told otherwise. */
const logBytesMaxDefault = 256 * 1024 * 1024;

export class NodeSnapshots {
  readonly #host: Host;
  readonly #id: NodeId;
  readonly #store: SnapshotStore;
  readonly #chunkBytes: number;
  readonly #events: SnapshotsEvents;
  #bytesSince = 0;
  /** Told when the running one is durable, or will never be. */
  #waiting: ((lastIncludedIndex: number | null) => void)[] = [];
  #stopped = false;
  takenCount = 0;

  constructor(
    host: Host,
    { id, store, chunkBytes = chunkBytesDefault }: SnapshotsParts,
    events: SnapshotsEvents,
  ) {
    this.#host = host;
    this.#id = id;
    this.#store = store;
    this.#chunkBytes = chunkBytes;
    this.#events = events;
  }

  get taking(): boolean {
    return this.#store.writing;
  }

  /** So many bytes of commands were applied. */
  noteApplied(bytes: number): void {
    this.#bytesSince += bytes;
  }

  /**
   * Whether one should be taken: after so many entries; but then also not before the log since the
   * last one is half as large as that one was, so that a large state is not written over and over.
   */
  isDue(
    entryCount: number,
    entryCountMax: number,
    logBytesMax: number = logBytesMaxDefault,
  ): boolean {
    if (this.taking || this.#stopped || entryCount === 0) return false;
    if (this.#bytesSince >= logBytesMax) return true;
    const lastBytes = this.#store.current?.fileBytes ?? 0;
    return entryCount >= entryCountMax && this.#bytesSince >= lastBytes / 2;
  }

  /** Of the state as it is now; what is applied meanwhile is not in it. */
  take(meta: SnapshotMeta, source: SnapshotSource): void {
    this.#bytesSince = 0;
    this.#store.write(meta, source, (error, written) => {
      if (this.#stopped) return;
      if (error !== null) {
        this.#events.failed(error);
        return;
      }
      if (written) {
        this.takenCount += 1;
        this.#host.crashPoints.reach('snapshot.after-write-before-compact');
        this.#events.step({ type: 'snapshotTaken', snapshot: meta });
        this.#events.taken(meta);
      }
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const tell of waiting) tell(written ? meta.lastIncludedIndex : null);
    });
  }

  /** Tells when the one that runs is done: its last index, or null when it came to nothing. */
  whenTaken(tell: (lastIncludedIndex: number | null) => void): void {
    this.#waiting.push(tell);
  }

  /** Reads a chunk and sends it. */
  sendChunk(request: ChunkRequest): void {
    const { to, term, lastIncludedIndex, offset, replicationId } = request;
    const stored = this.#store.find(lastIncludedIndex);
    const length = this.#chunkBytes;
    this.#store.readChunk(lastIncludedIndex, { offset, length }, (error, data) => {
      if (this.#stopped) return;
      if (error !== null) {
        this.#events.failed(error);
        return;
      }
      if (data === null || stored === null) {
        this.#events.step({ type: 'snapshotGone', to });
        return;
      }
      const { lastIncludedTerm } = stored.meta;
      const { fileBytes, fileChecksum } = stored;
      this.#host.network.send(to, {
        type: 'installSnapshot',
        term,
        leaderId: this.#id,
        lastIncludedIndex,
        lastIncludedTerm,
        fileBytes,
        fileChecksum,
        offset,
        data,
        replicationId,
      });
    });
  }

  /** Stores a chunk and tells the core how far the file has got. */
  receiveChunk(from: NodeId, message: InstallSnapshot): void {
    const { lastIncludedIndex, replicationId } = message;
    this.#store.receive(message, (error, { nextOffset, complete }) => {
      if (this.#stopped) return;
      if (error !== null) {
        this.#events.failed(error);
        return;
      }
      if (complete === null) {
        const stored = { from, lastIncludedIndex, nextOffset, replicationId };
        this.#events.step({ type: 'chunkStored', ...stored });
        return;
      }
      const received = { from, replicationId, snapshot: complete };
      this.#events.step({ type: 'snapshotReceived', ...received });
    });
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#stopped = true;
    if (this.#store.writing) this.#store.abandonWrite();
  }
}
