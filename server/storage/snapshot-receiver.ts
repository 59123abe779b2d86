/**
 * Puts a leader's snapshot together from its chunks. [Fig. 13]
 *
 * Chunks come in any order, doubled, late, and of other files; only what continues the file at hand
 * is stored. A file is handed on once all of it is durable and was read back and found good. What
 * is at hand when the process dies is dropped at the next start: nothing depends on it.
 */
import type { CrashPoints } from '../crash-points.ts';
import type { Log, Timers } from '../host.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import type { InstallSnapshot } from '../raft/message.ts';
import type { Disk, DiskError, Done } from './disk.ts';
import { removeUnneeded, SnapshotFile } from './snapshot-file.ts';
import { snapshotBytesMax, snapshotBytesMin, temporaryFileName } from './snapshot-format.ts';
import { SnapshotCorruptionError } from './snapshot-parser.ts';
import { type Readable, type ScanError, scan } from './snapshot-scan.ts';
import { syncEveryBytes } from './snapshot-writer.ts';

export interface ReceiveResult {
  /** What is wanted next of the chunk's file; its length when nothing of it is wanted. */
  readonly nextOffset: number;
  /** The file is whole, durable and verified, and not the current one yet. */
  readonly complete: SnapshotMeta | null;
}

export type ReceiveDone = (error: DiskError | null, result: ReceiveResult) => void;

export interface ReceiverSurroundings {
  readonly disk: Disk;
  readonly timers: Timers;
  readonly crashPoints: CrashPoints;
  readonly log: Log;
}

/** What names a file: chunks of one never mix with those of another. */
type FileId = Pick<
  InstallSnapshot,
  'lastIncludedIndex' | 'lastIncludedTerm' | 'fileBytes' | 'fileChecksum'
>;

/** The file that grows. */
interface Receiving {
  readonly file: string;
  readonly id: FileId;
  storedBytes: number;
  syncedBytes: number;
  /** Of its newest chunk. */
  term: number;
  replicationId: number;
}

/** Chunks that wait for the disk; more are not stored, and will be sent again. */
const waitingMax = 64;
/** Whole files that nobody has installed: the core wants the newest one, and soon. */
const completeMax = 3;

const fromItsStart: ReceiveResult = { nextOffset: 0, complete: null };

export class SnapshotReceiver {
  readonly #surroundings: ReceiverSurroundings;
  readonly #currentIndex: () => number;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #atHand: Receiving | null = null;
  #complete: SnapshotFile[] = [];
  #fileCount = 0;
  #error: DiskError | null = null;

  /** `currentIndex`: of the snapshot that is current; older ones are of no use. */
  constructor(surroundings: ReceiverSurroundings, currentIndex: () => number) {
    this.#surroundings = surroundings;
    this.#currentIndex = currentIndex;
  }

  /** One chunk after the other, in the order of the calls. */
  receive(chunk: InstallSnapshot, done: ReceiveDone): void {
    if (this.#waiting.length >= waitingMax) {
      const atHand = this.#atHandOf(chunk);
      this.#answer({ nextOffset: atHand?.storedBytes ?? 0, complete: null }, done);
      return;
    }
    this.#waiting.push(() => {
      this.#handle(chunk, (error, result) => {
        this.#error = error ?? this.#error;
        this.#busy = false;
        done(error, result);
        this.#next();
      });
    });
    this.#next();
  }

  /** A whole file that is not installed. */
  find(lastIncludedIndex: number): SnapshotFile | null {
    return this.#complete.find((file) => file.lastIncludedIndex === lastIncludedIndex) ?? null;
  }

  /** It is somebody else's now. */
  release(file: SnapshotFile): void {
    this.#complete = this.#complete.filter((other) => other !== file);
  }

  /** Whole files that the current snapshot has made useless. */
  dropUseless(): void {
    for (const file of this.#complete) {
      if (file.lastIncludedIndex <= this.#currentIndex()) this.#drop(file);
    }
  }

  #drop(file: SnapshotFile): void {
    if (file.loadCount > 0) return;
    this.release(file);
    removeUnneeded(file, this.#surroundings.log);
  }

  #next(): void {
    if (this.#busy) return;
    const work = this.#waiting.shift();
    if (work === undefined) return;
    this.#busy = true;
    work();
  }

  #handle(chunk: InstallSnapshot, done: ReceiveDone): void {
    const error = this.#error;
    if (error !== null) {
      // What a failed write or sync left behind is unknown: nothing is tried again.
      this.#surroundings.timers.after(0, () => done(error, fromItsStart));
      return;
    }
    const complete = this.#complete.find(({ stored: { meta, fileBytes, fileChecksum } }) =>
      isSameFile({ ...meta, fileBytes, fileChecksum }, chunk),
    );
    const atHand = this.#atHandOf(chunk);
    if (complete !== undefined) {
      this.#answer({ nextOffset: chunk.fileBytes, complete: complete.stored.meta }, done);
    } else if (chunk.lastIncludedIndex <= this.#currentIndex()) {
      this.#answer({ nextOffset: chunk.fileBytes, complete: null }, done);
    } else if (atHand !== null) {
      this.#continue(atHand, chunk, done);
    } else if (this.#mayBegin(chunk)) {
      this.#begin(chunk, done);
    } else {
      this.#answer(fromItsStart, done);
    }
  }

  #answer(result: ReceiveResult, done: ReceiveDone): void {
    this.#surroundings.timers.after(0, () => done(null, result));
  }

  #atHandOf(chunk: InstallSnapshot): Receiving | null {
    const atHand = this.#atHand;
    return atHand !== null && isSameFile(atHand.id, chunk) ? atHand : null;
  }

  /** Only with bytes of its beginning: until then the file at hand is worth more. */
  #mayBegin(chunk: InstallSnapshot): boolean {
    const { fileBytes, offset, data } = chunk;
    if (!Number.isSafeInteger(fileBytes) || fileBytes > snapshotBytesMax) return false;
    if (fileBytes < snapshotBytesMin || offset !== 0 || data.length === 0) return false;
    return this.#atHand === null || !isLate(chunk, this.#atHand);
  }

  #begin(chunk: InstallSnapshot, done: ReceiveDone): void {
    this.#discardAtHand((error) => {
      if (error !== null) {
        done(error, fromItsStart);
        return;
      }
      this.#fileCount += 1;
      const { lastIncludedIndex, lastIncludedTerm, fileBytes, fileChecksum } = chunk;
      this.#atHand = {
        file: temporaryFileName(chunk, 'receiving', this.#fileCount),
        id: { lastIncludedIndex, lastIncludedTerm, fileBytes, fileChecksum },
        storedBytes: 0,
        syncedBytes: 0,
        term: chunk.term,
        replicationId: chunk.replicationId,
      };
      this.#continue(this.#atHand, chunk, done);
    });
  }

  #continue(atHand: Receiving, chunk: InstallSnapshot, done: ReceiveDone): void {
    noteSender(atHand, chunk);
    const { disk, crashPoints } = this.#surroundings;
    const rest = continuation(atHand, chunk);
    if (rest.length === 0) {
      this.#answer({ nextOffset: atHand.storedBytes, complete: null }, done);
      return;
    }
    disk.writeAt(atHand.file, atHand.storedBytes, rest, (error) => {
      if (error !== null) {
        done(error, fromItsStart);
        return;
      }
      atHand.storedBytes += rest.length;
      crashPoints.reach('snapshot.after-chunk');
      this.#maybeSync(atHand, done);
    });
  }

  #maybeSync(atHand: Receiving, done: ReceiveDone): void {
    const { storedBytes } = atHand;
    const whole = storedBytes === atHand.id.fileBytes;
    if (!whole && storedBytes - atHand.syncedBytes < syncEveryBytes) {
      done(null, { nextOffset: storedBytes, complete: null });
      return;
    }
    this.#surroundings.disk.sync(atHand.file, (error) => {
      atHand.syncedBytes = storedBytes;
      if (error !== null) done(error, fromItsStart);
      else if (whole) this.#verify(atHand, done);
      else done(null, { nextOffset: storedBytes, complete: null });
    });
  }

  /** Reads back what the disk holds: what came is not what counts. */
  #verify(atHand: Receiving, done: ReceiveDone): void {
    const { disk, timers, crashPoints } = this.#surroundings;
    const { id, file } = atHand;
    verifyFile({ disk, timers, file, id }, (error, verified) => {
      if (error instanceof SnapshotCorruptionError) {
        this.#reject(error, done);
      } else if (error !== null || verified === null) {
        done(error, fromItsStart);
      } else {
        this.#atHand = null;
        this.#complete.push(verified);
        const [oldest] = this.#complete;
        if (oldest !== undefined && this.#complete.length > completeMax) this.#drop(oldest);
        crashPoints.reach('snapshot.received-before-install');
        done(null, { nextOffset: id.fileBytes, complete: verified.stored.meta });
      }
    });
  }

  /** The file is not what its name says: away with it, and once more from its start. */
  #reject({ file, offset, what }: SnapshotCorruptionError, done: ReceiveDone): void {
    this.#surroundings.log.event('warn', 'snapshot-rejected', { file, offset, what });
    this.#discardAtHand((error) => done(error, fromItsStart));
  }

  #discardAtHand(done: Done): void {
    const atHand = this.#atHand;
    this.#atHand = null;
    if (atHand === null) done(null);
    else this.#surroundings.disk.remove(atHand.file, done);
  }
}

function isSameFile(a: FileId, b: FileId): boolean {
  return (
    a.lastIncludedIndex === b.lastIncludedIndex &&
    a.lastIncludedTerm === b.lastIncludedTerm &&
    a.fileBytes === b.fileBytes &&
    a.fileChecksum === b.fileChecksum
  );
}

/**
 * Sent before the newest chunk of the file at hand. Within a term there is one leader, which counts
 * its replications, and within one of those goes over to newer snapshots only. A later leader may
 * well have none but an older one.
 */
function isLate(chunk: InstallSnapshot, { term, replicationId, id }: Receiving): boolean {
  if (chunk.term !== term) return chunk.term < term;
  if (chunk.replicationId !== replicationId) return chunk.replicationId < replicationId;
  return chunk.lastIncludedIndex < id.lastIncludedIndex;
}

function noteSender(atHand: Receiving, { term, replicationId }: InstallSnapshot): void {
  if (term < atHand.term) return;
  const known = term === atHand.term ? atHand.replicationId : 0;
  atHand.term = term;
  atHand.replicationId = Math.max(known, replicationId);
}

/** What of these bytes stands right behind those that are stored; perhaps nothing. */
function continuation(atHand: Receiving, { offset, data }: InstallSnapshot): Uint8Array {
  const { storedBytes, id } = atHand;
  const fits = offset >= 0 && offset <= storedBytes && offset + data.length <= id.fileBytes;
  return fits ? data.subarray(storedBytes - offset) : new Uint8Array(0);
}

interface Verification {
  readonly disk: Disk;
  readonly timers: Timers;
  readonly file: string;
  readonly id: FileId;
}

function verifyFile(
  { disk, timers, file, id }: Verification,
  done: (error: ScanError | null, verified: SnapshotFile | null) => void,
): void {
  const readable: Readable = {
    name: file,
    read: (offset, length, readDone) => disk.read(file, offset, length, readDone),
  };
  scan({ file: readable, sink: null, timers }, (error, stored) => {
    if (error !== null || stored === null) {
      done(error, null);
    } else if (!isSameFile({ ...stored.meta, ...stored }, id)) {
      done(new SnapshotCorruptionError(file, 0, 'it is not the file that was announced'), null);
    } else {
      done(null, new SnapshotFile(disk, file, stored));
    }
  });
}
